//! The author's guide shows a view that works.

use yba_fhir::json::{Value, from_str};
use yba_view::View;

#[test]
fn the_view_of_the_authors_guide_compiles() {
    let page = include_str!("../../../../docs/vi/noi-dung.md");
    let (_, rest) = page.split_once("## Thêm một bảng số liệu").unwrap();
    let (_, rest) = rest.split_once("```json\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let definition: Value = from_str(text).unwrap();
    let view = View::compile(&definition).unwrap_or_else(|outcome| panic!("{outcome}"));
    assert_eq!(view.columns().len(), 3);
}
