//! The common heads: every minute the ends of both chains, signed with the node's key (Ed25519). A head kept
//! elsewhere (the hub, paper) shows later whether the tail of a chain was cut off.

use super::trail::{cut_torn_line, hex, unhex};
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier, VerifyingKey};
use std::io::Write;
use std::path::Path;

/// The ends of both chains at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub at: i64,
    pub write_seq: i64,
    pub write_hash: Vec<u8>,
    pub read_seq: u64,
    pub read_hash: Vec<u8>,
}

impl Head {
    fn text(&self) -> String {
        let (writes, reads) = (hex(&self.write_hash), hex(&self.read_hash));
        format!("{} {} {writes} {} {reads}", self.at, self.write_seq, self.read_seq)
    }

    /// Reads a line of `heads.log`, checking the signature. `None` when either is wrong.
    pub fn parse(line: &str, key: &VerifyingKey) -> Option<Head> {
        let (text, signature) = line.rsplit_once(' ')?;
        key.verify(text.as_bytes(), &Signature::from_bytes(&unhex::<64>(signature)?)).ok()?;
        let mut parts = text.split(' ');
        let mut next = || parts.next();
        let head = Head {
            at: next()?.parse().ok()?,
            write_seq: next()?.parse().ok()?,
            write_hash: bytes(next()?)?,
            read_seq: next()?.parse().ok()?,
            read_hash: bytes(next()?)?,
        };
        Some(head)
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() { Some(Vec::new()) } else { unhex::<32>(text).map(Vec::from) }
}

/// The node's signing key, kept in the audit folder, readable by its owner alone.
#[derive(Clone)]
pub struct Signer(SigningKey);

impl Signer {
    /// Loads the key, or makes one at first.
    pub fn load(folder: &Path) -> std::io::Result<Signer> {
        let path = folder.join("node.key");
        if path.exists() {
            let text = std::fs::read_to_string(&path)?;
            let seed = unhex::<32>(text.trim())
                .ok_or_else(|| std::io::Error::other("audit/node.key is not a key"))?;
            return Ok(Signer(SigningKey::from_bytes(&seed)));
        }
        let key = SigningKey::generate(&mut rand::rngs::OsRng);
        // Under another name first: the key is there whole or not at all.
        let unfinished = folder.join("node.key.part");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(hex(&key.to_bytes()).as_bytes())?;
        file.sync_all()?;
        std::fs::write(folder.join("node.pub"), hex(key.verifying_key().as_bytes()))?;
        std::fs::rename(&unfinished, &path)?;
        std::fs::File::open(folder)?.sync_all()?;
        Ok(Signer(key))
    }

    pub fn public(&self) -> VerifyingKey {
        self.0.verifying_key()
    }

    /// Appends a signed head to `heads.log`; answers the line.
    pub fn sign(&self, folder: &Path, head: &Head) -> std::io::Result<String> {
        let text = head.text();
        let signature = self.0.sign(text.as_bytes());
        let path = folder.join("heads.log");
        if path.exists() {
            cut_torn_line(&path)?;
        }
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        let line = format!("{text} {}", hex(&signature.to_bytes()));
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()?;
        Ok(line)
    }
}

/// The last head that was given out to be kept elsewhere.
const GIVEN: &str = "head-given.txt";

/// Remembers that a head was given out to be kept elsewhere, as its line.
pub fn remember_given(folder: &Path, line: &str) -> std::io::Result<()> {
    std::fs::write(folder.join(GIVEN), format!("{line}\n"))
}

/// When a head was last given out to be kept elsewhere, in ms since 1970 UTC; `None` when none ever was.
pub fn given_at(folder: &Path) -> Option<i64> {
    std::fs::read_to_string(folder.join(GIVEN)).ok()?.split(' ').next()?.parse().ok()
}
