//! How a backup is encrypted: gzip, then pieces of 64 KiB under XChaCha20-Poly1305 in the STREAM construction (Hoang,
//! Reyhanitabar, Rogaway, Vizár 2015). Each piece is authenticated with its number and whether it is the last, and the
//! file's opening with every piece; so nothing can be changed, reordered, left out or cut off unnoticed.

use chacha20poly1305::aead::stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::aead::{KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305};
use rand::RngCore;
use sha2::{Digest, Sha256};
use std::io::{Error, Read, Result, Write};
use std::path::Path;

/// Opens every backup file, and gives its version.
const MAGIC: &[u8; 16] = b"YBA BACKUP v1\r\n\0";
const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 19;
const OPENING_BYTES: usize = MAGIC.len() + KEY_ID_BYTES + NONCE_BYTES;
const PIECE_BYTES: usize = 64 << 10;
const TAG_BYTES: usize = 16;
/// How a key file begins, so that it is recognised.
const KEY_FILE_START: &str = "yba-backup-key-1 ";

/// The key that backups are encrypted with: 32 random bytes in a file that must be kept elsewhere too.
#[derive(Clone)]
pub struct BackupKey([u8; 32]);

impl BackupKey {
    /// The key of a data folder, made at the first backup, readable by its owner alone.
    pub fn of_folder(folder: &Path) -> Result<BackupKey> {
        let path = folder.join(super::KEY_FILE);
        match BackupKey::load(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BackupKey::create(folder, &path),
            loaded => loaded,
        }
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> Result<BackupKey> {
        let text = std::fs::read_to_string(path)?;
        let wrong = || Error::other(format!("{} is no backup key", path.display()));
        let digits = text.trim().strip_prefix(KEY_FILE_START).filter(|hex| hex.len() == 64 && hex.is_ascii());
        let digits = digits.ok_or_else(wrong)?;
        let mut key = [0; 32];
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(BackupKey(key))
    }

    fn create(folder: &Path, path: &Path) -> Result<BackupKey> {
        let mut key = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut key);
        // Under another name first: a key file is there whole or not at all.
        let unfinished = path.with_extension("part");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(file, "{KEY_FILE_START}{hex}")?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        std::fs::File::open(folder)?.sync_all()?;
        Ok(BackupKey(key))
    }

    /// Says which key it is, without giving it away.
    pub fn id(&self) -> String {
        self.id_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn id_bytes(&self) -> [u8; KEY_ID_BYTES] {
        let hash = Sha256::new().chain_update(b"yba backup key id").chain_update(self.0).finalize();
        std::array::from_fn(|at| hash[at])
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(Key::from_slice(&self.0))
    }
}

impl std::fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BackupKey({})", self.id())
    }
}

/// Encrypts what is written to it, piece by piece.
pub(super) struct Sealer<W: Write> {
    to: W,
    opening: [u8; OPENING_BYTES],
    cipher: EncryptorBE32<XChaCha20Poly1305>,
    piece: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    pub fn new(mut to: W, key: &BackupKey) -> Result<Sealer<W>> {
        let mut nonce = [0; NONCE_BYTES];
        rand::rngs::OsRng.fill_bytes(&mut nonce);
        let mut opening = [0; OPENING_BYTES];
        opening[..MAGIC.len()].copy_from_slice(MAGIC);
        opening[MAGIC.len()..MAGIC.len() + KEY_ID_BYTES].copy_from_slice(&key.id_bytes());
        opening[MAGIC.len() + KEY_ID_BYTES..].copy_from_slice(&nonce);
        to.write_all(&opening)?;
        let cipher = EncryptorBE32::from_aead(key.cipher(), nonce.as_slice().into());
        Ok(Sealer { to, opening, cipher, piece: Vec::with_capacity(PIECE_BYTES) })
    }

    /// Writes the last piece and gives back what was written to.
    pub fn finish(mut self) -> Result<W> {
        let payload = Payload { msg: &self.piece, aad: &self.opening };
        let sealed = self.cipher.encrypt_last(payload).map_err(|_| Error::other("encryption failed"))?;
        self.to.write_all(&sealed)?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        // A full piece is sealed only when more comes, for it might be the last.
        if self.piece.len() == PIECE_BYTES {
            let payload = Payload { msg: &self.piece, aad: &self.opening };
            let sealed = self.cipher.encrypt_next(payload).map_err(|_| Error::other("encryption failed"))?;
            self.to.write_all(&sealed)?;
            self.piece.clear();
        }
        let taken = bytes.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Decrypts a backup; anything that is not as it was written ends it with an error.
pub(super) struct Opener<R: Read> {
    from: R,
    opening: [u8; OPENING_BYTES],
    /// Absent once the last piece was opened.
    cipher: Option<DecryptorBE32<XChaCha20Poly1305>>,
    /// A sealed piece that was read ahead, to know whether the one before it was the last.
    ahead: Vec<u8>,
    piece: Vec<u8>,
    at: usize,
}

impl<R: Read> Opener<R> {
    pub fn new(mut from: R, key: &BackupKey) -> Result<Opener<R>> {
        let mut opening = [0; OPENING_BYTES];
        from.read_exact(&mut opening).map_err(|_| Error::other("no backup file: too short"))?;
        let (magic, rest) = opening.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(Error::other("no backup file, or one of a newer program"));
        }
        if rest[..KEY_ID_BYTES] != key.id_bytes() {
            let wanted: String = rest[..KEY_ID_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
            return Err(Error::other(format!("made with the key {wanted}, this one is {}", key.id())));
        }
        let nonce = &rest[KEY_ID_BYTES..];
        let cipher = Some(DecryptorBE32::from_aead(key.cipher(), nonce.into()));
        let mut opener = Opener { from, opening, cipher, ahead: Vec::new(), piece: Vec::new(), at: 0 };
        opener.ahead = opener.read_sealed()?;
        Ok(opener)
    }

    /// What is read from.
    pub fn source(&self) -> &R {
        &self.from
    }

    fn read_sealed(&mut self) -> Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(PIECE_BYTES + TAG_BYTES);
        self.from.by_ref().take((PIECE_BYTES + TAG_BYTES) as u64).read_to_end(&mut sealed)?;
        Ok(sealed)
    }

    fn next_piece(&mut self) -> Result<()> {
        let Some(mut cipher) = self.cipher.take() else { return Ok(()) };
        let sealed = std::mem::take(&mut self.ahead);
        self.ahead = self.read_sealed()?;
        let payload = Payload { msg: &sealed, aad: &self.opening };
        let damaged = |_| Error::other("damaged, cut short, or not encrypted with this key");
        if self.ahead.is_empty() {
            self.piece = cipher.decrypt_last(payload).map_err(damaged)?;
        } else {
            self.piece = cipher.decrypt_next(payload).map_err(damaged)?;
            self.cipher = Some(cipher);
        }
        self.at = 0;
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.at == self.piece.len() && self.cipher.is_some() {
            self.next_piece()?;
        }
        let taken = buffer.len().min(self.piece.len() - self.at);
        buffer[..taken].copy_from_slice(&self.piece[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &BackupKey, length: usize) -> (Vec<u8>, Vec<u8>) {
        let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let mut sealer = Sealer::new(Vec::new(), key).unwrap();
        sealer.write_all(&plain).unwrap();
        (plain, sealer.finish().unwrap())
    }

    fn opened(key: &BackupKey, sealed: &[u8]) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        Opener::new(sealed, key)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn what_was_sealed_opens_and_nothing_else_does() {
        let key = BackupKey([7; 32]);
        for length in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES] {
            let (plain, file) = sealed(&key, length);
            assert_eq!(opened(&key, &file).unwrap(), plain, "{length}");
            assert!(opened(&BackupKey([8; 32]), &file).is_err());
            for at in [0, 17, OPENING_BYTES - 1, OPENING_BYTES, file.len() / 2, file.len() - 1] {
                let mut changed = file.clone();
                changed[at] ^= 1;
                assert!(opened(&key, &changed).is_err(), "{length} changed at {at}");
            }
            let piece = PIECE_BYTES + TAG_BYTES;
            for end in [0, OPENING_BYTES, OPENING_BYTES + piece, OPENING_BYTES + 2 * piece, file.len() - 1] {
                if end < file.len() {
                    assert!(opened(&key, &file[..end]).is_err(), "{length} cut at {end}");
                }
            }
            let mut longer = file.clone();
            longer.extend_from_slice(&file[OPENING_BYTES..]);
            assert!(opened(&key, &longer).is_err(), "{length} repeated");
        }
    }

    #[test]
    fn two_pieces_that_changed_places_are_noticed() {
        let key = BackupKey([7; 32]);
        let (_, mut file) = sealed(&key, 3 * PIECE_BYTES + 5);
        let (first, second) = (OPENING_BYTES, OPENING_BYTES + PIECE_BYTES + TAG_BYTES);
        let piece: Vec<u8> = file[first..second].to_vec();
        file.copy_within(second..second + piece.len(), first);
        file[second..second + piece.len()].copy_from_slice(&piece);
        assert!(opened(&key, &file).is_err());
    }

    #[test]
    fn the_key_file_is_made_once_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = BackupKey::of_folder(folder.path()).unwrap();
        assert_eq!(BackupKey::of_folder(folder.path()).unwrap().id(), key.id());
        let path = folder.path().join(super::super::KEY_FILE);
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&path, "yba-backup-key-1 xyz").unwrap();
        assert!(BackupKey::of_folder(folder.path()).is_err(), "a damaged key is not replaced by a new one");
        assert!(!format!("{key:?}").contains(&"07".repeat(4)));
    }
}
