//! How large things may become.

/// Items of one questionnaire.
pub const ITEMS_MAX: usize = 1000;
/// Items inside items.
pub const DEPTH_MAX: usize = 8;
/// Options of one question that stand in the questionnaire.
pub const OPTIONS_MAX: usize = 500;
/// Rows of one repeating group, answers of one repeating question.
pub const ROWS_MAX: usize = 50;
/// Slots of a sheet: questions and groups in all rows.
pub const SLOTS_MAX: usize = 5000;
/// Fields of one post.
pub const FIELDS_MAX: usize = 5000;
/// Bytes of one field: three for each letter that a page lets type, since Vietnamese letters have up to three.
pub const FIELD_BYTES_MAX: usize = 3 * yba_ui::question::LETTERS_MAX;
/// Bytes of all fields.
pub const POST_BYTES_MAX: usize = 1 << 20;
/// Reasons given for warnings.
pub const REASONS_MAX: usize = 200;
/// Passes until calculated values no longer change.
pub const PASSES_MAX: usize = 12;
/// Evaluation steps of one pass over all expressions of a form.
pub const STEPS_MAX: u64 = 3_000_000;
/// Codes of a value set that are drawn as one list; larger sets are typed into.
pub const LIST_MAX: usize = 12;
/// Offers while someone types.
pub const OFFERS_MAX: usize = 20;
/// Resources made of one response.
pub const EXTRACTED_MAX: usize = 500;
