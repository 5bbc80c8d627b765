//! A fast hash for keys that we made ourselves. Not for keys that somebody could choose to collide in a server's table:
//! there, a collision costs a comparison, never a wrong answer.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub(super) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<Fast>>;

const SEED: u64 = 0x517c_c1b7_2722_0a95;

/// Multiply and rotate, eight bytes at a time.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Fast(u64);

impl Hasher for Fast {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word) ^ chunk.len() as u64);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(SEED);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn finish(&self) -> u64 {
        // The low bits choose the bucket, and a product's low bits are its weakest.
        self.0 ^ (self.0 >> 29)
    }
}

/// 32 bits of many numbers, never 0: 0 means "no key".
pub(super) fn key_of(parts: &[u64]) -> u32 {
    let mut fast = Fast::default();
    parts.iter().for_each(|part| fast.write_u64(*part));
    let mixed = fast.finish().wrapping_mul(SEED);
    ((mixed >> 32) as u32).max(1)
}

/// The same of a text.
pub(super) fn key_of_text(text: &str) -> u32 {
    let mut fast = Fast::default();
    fast.write(text.as_bytes());
    key_of(&[fast.finish()])
}
