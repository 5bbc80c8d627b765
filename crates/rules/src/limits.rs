//! Bounds, each reached by a test.

/// Most records that one question of a rule brings.
pub const RECORDS_MAX: usize = 200;
/// Most things that one rule is asked of (`each`), and most cards of one rule and of all.
pub const EACH_MAX: usize = 50;
pub const CARDS_OF_RULE_MAX: usize = 5;
pub const CARDS_MAX: usize = 30;
/// Most steps of one rule, and of all rules of one moment: some tens of milliseconds on a slow machine.
pub const STEPS_OF_RULE_MAX: u64 = 200_000;
pub const STEPS_MAX: u64 = 4_000_000;
/// Most characters of a message, after what stands between braces is filled in.
pub const MESSAGE_MAX: usize = 1_000;
