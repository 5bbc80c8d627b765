//! Passwords: argon2id, a bounded number at once off the async threads, and the rules of level 3.
//!
//! The rules are those of NĐ 331/2026/NĐ-CP, level 3, with TCVN 14423:2026, known at second hand: at least 8 characters with
//! a second factor and 14 without, the last 10 not again, those who administer change every two months. The clauses are to be
//! compared with the original.

use crate::account::{Account, Password};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::rngs::OsRng;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;
use yba_fhir::{Kind, Outcome};

/// Memory in KiB, passes and lanes: OWASP's first recommendation for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes made at once: for browsers in which the account has come in before, and for everyone else. Each takes
/// [`MEMORY_KIB`], and strangers never use up what the known ones need.
const KNOWN_AT_ONCE: usize = 1;
const STRANGERS_AT_ONCE: usize = 1;
/// Most that wait for their turn in each of the two lines; others are asked to come again.
pub const WAITING_MAX: usize = 32;

/// Characters with a second factor, without one, and at most (a longer one only costs time).
pub const CHARACTERS_WITH_FACTOR: usize = 8;
pub const CHARACTERS_ALONE: usize = 14;
const BYTES_MAX: usize = 512;
/// How many passwords may not come again, the present one among them.
const HISTORY: usize = 10;
/// How long those who sign in with a second factor because of their role keep a password: two months.
pub const AGE_MAX_MS: i64 = 60 * 24 * 3_600_000;

/// Which line someone waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Known,
    Stranger,
}

/// Makes and checks hashes, a few at a time; clones share the bound.
#[derive(Clone)]
pub struct Hasher(Arc<Lines>);

struct Lines {
    known: Turns,
    strangers: Turns,
}

struct Turns {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Default for Hasher {
    fn default() -> Hasher {
        let turns =
            |at_once| Turns { turns: Arc::new(Semaphore::new(at_once)), waiting: AtomicUsize::new(0) };
        Hasher(Arc::new(Lines { known: turns(KNOWN_AT_ONCE), strangers: turns(STRANGERS_AT_ONCE) }))
    }
}

impl Hasher {
    /// The hash of a password. Refuses with `too-many` when too many wait.
    pub async fn hash(&self, line: Line, password: &str) -> Result<String, Outcome> {
        let password = password.to_owned();
        self.work(line, move || {
            let salt = SaltString::generate(&mut OsRng);
            let hash = argon().hash_password(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string())
                .map_err(|error| Outcome::fault(format!("a password cannot be hashed: {error}")))
        })
        .await?
    }

    /// Whether the password is one of these. Where there is none to compare with, the same time passes.
    pub async fn verify(&self, line: Line, password: &str, hashes: &[&str]) -> Result<bool, Outcome> {
        let password = password.to_owned();
        let hashes: Vec<String> = hashes.iter().map(|hash| (*hash).to_owned()).collect();
        self.work(line, move || {
            let is = |hash: &String| {
                let parsed = PasswordHash::new(hash);
                parsed.is_ok_and(|hash| argon().verify_password(password.as_bytes(), &hash).is_ok())
            };
            if hashes.is_empty() {
                let _ = argon().hash_password(password.as_bytes(), &SaltString::generate(&mut OsRng));
            }
            hashes.iter().any(is)
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        line: Line,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Outcome> {
        let turns = if line == Line::Known { &self.0.known } else { &self.0.strangers };
        let _place = Place::take(turns).ok_or_else(busy)?;
        let turn = turns.turns.clone().acquire_owned().await;
        let _turn =
            turn.map_err(|error| Outcome::fault(format!("the line for passwords is closed: {error}")))?;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Outcome::fault(format!("hashing a password panicked: {error}")))
    }
}

/// A place in a line, left when it goes, however that happens.
struct Place<'a>(&'a Turns);

impl<'a> Place<'a> {
    fn take(turns: &'a Turns) -> Option<Place<'a>> {
        let before = turns.waiting.fetch_add(1, Ordering::SeqCst);
        let place = Place(turns);
        (before < WAITING_MAX).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

fn busy() -> Outcome {
    let text = "Nhiều người đang đăng nhập cùng lúc. Hãy thử lại sau ít giây.";
    Outcome::new(Kind::TooMany, "sign-in-busy", text, "too many passwords are waiting to be hashed")
}

fn argon() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// What is wrong with a new password before it is compared with earlier ones; nothing when it will do.
pub fn problem(account: &Account, password: &str) -> Option<Outcome> {
    let least = if account.totp.is_some() { CHARACTERS_WITH_FACTOR } else { CHARACTERS_ALONE };
    let letters = password.chars().count();
    let folded = password.to_lowercase();
    if letters < least {
        let text = match account.totp {
            Some(_) => format!("Mật khẩu cần ít nhất {least} ký tự."),
            None => format!("Mật khẩu cần ít nhất {least} ký tự. Ghép vài từ dễ nhớ cũng được."),
        };
        return Some(refused("password-short", text, "the password is too short"));
    }
    if password.len() > BYTES_MAX {
        return Some(refused("password-long", "Mật khẩu quá dài.".into(), "the password is too long"));
    }
    if folded.contains(&account.login) {
        let text = "Mật khẩu không được chứa tên đăng nhập.".into();
        return Some(refused("password-login", text, "the password holds the login name"));
    }
    let mut signs: Vec<char> = folded.chars().collect();
    signs.sort_unstable();
    signs.dedup();
    if signs.len() < 5 {
        let text = "Mật khẩu lặp lại quá ít ký tự. Hãy chọn câu khác.".into();
        return Some(refused("password-simple", text, "the password has fewer than 5 different characters"));
    }
    None
}

fn refused(key: &'static str, text: String, detail: &str) -> Outcome {
    Outcome::new(Kind::Unprocessable, key, text, detail).at("password")
}

/// Sets a new password. Refuses one that breaks the rules or was there before.
pub async fn set(hasher: &Hasher, account: &mut Account, password: &str, now_ms: i64) -> Result<(), Outcome> {
    if let Some(problem) = problem(account, password) {
        return Err(problem);
    }
    let mut before: Vec<String> = Vec::new();
    if let Some(present) = &account.password {
        before.push(present.hash.clone());
        before.extend(present.before.iter().take(HISTORY - 1).cloned());
    }
    let earlier: Vec<&str> = before.iter().map(String::as_str).collect();
    if !earlier.is_empty() && hasher.verify(Line::Known, password, &earlier).await? {
        let text = format!("Mật khẩu này đã dùng trong {HISTORY} lần gần đây. Hãy chọn câu khác.");
        return Err(refused("password-used", text, "one of the last passwords"));
    }
    let hash = hasher.hash(Line::Known, password).await?;
    account.password = Some(Password { hash, since: now_ms, before });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Totp;

    fn account(totp: bool) -> Account {
        let totp = totp.then(|| Totp { sealed: String::new(), since: 0 });
        Account { login: "mai.lo".into(), totp, ..Account::default() }
    }

    #[test]
    fn the_rules_depend_on_the_second_factor() {
        let key = |totp, password: &str| problem(&account(totp), password).map(|found| found.issues[0].key);
        for (password, alone, with_factor) in [
            ("ngắn", Some("password-short"), Some("password-short")),
            ("tám chữ!", Some("password-short"), None),
            ("mười bốn chữ ở đây", None, None),
            ("xin chào Mai.Lo nhé", Some("password-login"), Some("password-login")),
            ("aaaaaaaaaaaaaaab", Some("password-simple"), Some("password-simple")),
        ] {
            assert_eq!((key(false, password), key(true, password)), (alone, with_factor), "{password}");
        }
        assert_eq!(key(true, &"abcdefgh".repeat(65)), Some("password-long"));
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_none_of_the_last_ten_comes_back() {
        let (hasher, mut one) = (Hasher::default(), account(true));
        for at in 0..=HISTORY {
            set(&hasher, &mut one, &format!("câu số {at:02}"), at as i64).await.unwrap();
        }
        let kept = one.password.clone().unwrap();
        assert!(kept.hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.hash);
        assert_eq!((kept.since, kept.before.len()), (HISTORY as i64, HISTORY));
        assert!(hasher.verify(Line::Stranger, "câu số 10", &[&kept.hash]).await.unwrap());
        assert!(!hasher.verify(Line::Stranger, "câu số 09", &[&kept.hash]).await.unwrap());
        assert!(!hasher.verify(Line::Stranger, "câu số 10", &[]).await.unwrap());
        for used in ["câu số 10", "câu số 01"] {
            let refused = set(&hasher, &mut one, used, 99).await.unwrap_err();
            assert_eq!(refused.issues[0].key, "password-used", "{used}");
        }
        assert!(one.password.as_ref() == Some(&kept), "a refusal changes nothing");
        set(&hasher, &mut one, "câu số 00", 99).await.unwrap();
    }

    #[tokio::test]
    async fn a_full_line_turns_strangers_away_and_leaves_the_known_theirs() {
        let hasher = Hasher::default();
        let places: Vec<Place> =
            (0..WAITING_MAX).map(|_| Place::take(&hasher.0.strangers).unwrap()).collect();
        let refused = hasher.verify(Line::Stranger, "x", &[]).await.unwrap_err();
        assert_eq!((refused.kind, refused.issues[0].key), (Kind::TooMany, "sign-in-busy"));
        assert!(!hasher.verify(Line::Known, "x", &[]).await.unwrap());
        drop(places);
        assert!(!hasher.verify(Line::Stranger, "x", &[]).await.unwrap());
    }
}
