//! Which part an element name belongs to, over all editions: for files that come without an envelope.

use std::collections::HashMap;
use yba_content::ClaimEditions;

/// Element names (roots, lists, rows, their other spellings) and the `LOAIHOSO` they belong to.
#[derive(Debug, Clone, Default)]
pub struct Shapes(HashMap<String, String>);

impl Shapes {
    /// Collects the names of all editions; the newest edition wins where two disagree.
    pub fn of(editions: &ClaimEditions) -> Shapes {
        let mut shapes = HashMap::new();
        for edition in editions.all() {
            for table in edition.tables() {
                let own = [&table.root, &table.list, &table.row];
                let names = own.into_iter().chain(&table.row_aliases).chain(&table.wrappers);
                for name in names.filter(|name| !name.is_empty()) {
                    shapes.insert(name.to_ascii_uppercase(), table.loai.clone());
                }
            }
        }
        Shapes(shapes)
    }

    /// The part an element belongs to.
    pub fn kind_of_root(&self, element: &str) -> Option<&str> {
        self.0.get(element).map(String::as_str)
    }
}
