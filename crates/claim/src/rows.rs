//! The content of one part to rows, by shape rather than by name, because names differ between vendors: a row is an
//! element that holds `MA_LK`, or one whose children are all plain cells. Whether the names are the usual ones is
//! judged later, against the edition of the visit's date.

use crate::bounds::Bounds;
use crate::problem::Problem;
use crate::visit::RawRow;
use crate::xml::{Piece, Walk};

#[derive(Debug, Default)]
struct Node {
    name: String,
    text: String,
    children: Vec<Node>,
}

/// What a part's XML holds.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// The outermost element.
    pub root: String,
    pub rows: Vec<RawRow>,
}

/// Reads rows of a whole document.
pub(crate) fn read(text: &str, bounds: Bounds) -> Result<Content, Problem> {
    let mut walk = Walk::new(text, bounds);
    let mut open: Vec<Node> = Vec::new();
    let mut roots: Vec<Node> = Vec::new();
    loop {
        let piece = walk.next().map_err(|problem| at_row(problem, &open, walk.inside()))?;
        match piece {
            Piece::Open(name) => open.push(Node { name, ..Node::default() }),
            Piece::Close => {
                let Some(node) = open.pop() else { continue };
                open.last_mut().map_or(&mut roots, |parent| &mut parent.children).push(node);
            }
            Piece::Text(text) | Piece::Cdata(text) => {
                let Some(node) = open.last_mut() else { continue };
                // Spaces between the children of a row are layout, not content.
                if node.children.is_empty() || !text.trim().is_empty() {
                    node.text.push_str(&text);
                }
                if node.text.len() / 4 > bounds.cell_chars {
                    return Err(too_long(&node.name, bounds.cell_chars));
                }
            }
            Piece::End => break,
        }
    }
    let root = roots.first().map(|node| node.name.clone()).unwrap_or_default();
    let mut rows = Vec::new();
    roots.into_iter().for_each(|node| collect(node, &mut rows));
    Ok(Content { root, rows })
}

/// Names the row and column a syntax fault stands in, by counting the rows that were complete before it.
fn at_row(problem: Problem, open: &[Node], inside: Option<&str>) -> Problem {
    let complete = |node: &Node| node.children.iter().filter(|child| is_row(child)).count();
    let before: usize = open.iter().map(complete).sum();
    let in_row = open.iter().any(|node| !node.children.is_empty() && node.children.iter().all(is_cell));
    let problem = if before > 0 || in_row { problem.row(before as u32 + 1) } else { problem };
    match inside {
        Some(column) if open.len() > 1 => problem.column(column),
        _ => problem,
    }
}

fn too_long(name: &str, limit: usize) -> Problem {
    let text = format!("Giá trị dài quá {limit} ký tự. Hãy rút ngắn.");
    Problem::error("cell-long", text, "cell exceeds the bound").column(name)
}

fn is_cell(node: &Node) -> bool {
    node.children.is_empty()
}

fn is_row(node: &Node) -> bool {
    let cells = node.children.iter().filter(|child| is_cell(child));
    if cells.clone().any(|cell| cell.name == "MA_LK") {
        return true;
    }
    let filled = cells.clone().any(|cell| !cell.text.trim().is_empty());
    let different = cells.clone().any(|cell| cell.name != node.children[0].name);
    node.children.iter().all(is_cell) && different && filled
}

fn collect(node: Node, rows: &mut Vec<RawRow>) {
    if !is_row(&node) {
        node.children.into_iter().for_each(|child| collect(child, rows));
        return;
    }
    let mut row = RawRow { element: node.name, cells: Vec::with_capacity(node.children.len()) };
    let mut inner = Vec::new();
    for child in node.children {
        if is_cell(&child) {
            row.cells.push((child.name, clean(&child.text)));
        } else {
            inner.push(child);
        }
    }
    let at = rows.len();
    rows.push(row);
    for child in inner {
        if holds_rows(&child) { collect(child, rows) } else { flatten(child, "", &mut rows[at].cells) }
    }
}

fn holds_rows(node: &Node) -> bool {
    is_row(node) || node.children.iter().any(holds_rows)
}

/// Nested elements of a row become cells named by their path, so that nothing is lost.
fn flatten(node: Node, path: &str, cells: &mut Vec<(String, String)>) {
    let path = if path.is_empty() { node.name } else { format!("{path}/{}", node.name) };
    if node.children.is_empty() || !node.text.trim().is_empty() {
        cells.push((path.clone(), clean(&node.text)));
    }
    node.children.into_iter().for_each(|child| flatten(child, &path, cells));
}

/// Trims, and drops control characters that neither XML nor FHIR strings may hold.
fn clean(text: &str) -> String {
    let text = text.trim();
    if text.chars().any(|letter| letter.is_control()) {
        text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(String, usize)> {
        read(text, Bounds::default())
            .unwrap()
            .rows
            .into_iter()
            .map(|row| (row.element, row.cells.len()))
            .collect()
    }

    #[test]
    fn rows_are_found_under_any_wrapper_and_any_row_name() {
        let usual = "<CHITIEU_CHITIET_THUOC><DSACH_CHI_TIET_THUOC><CHI_TIET_THUOC><MA_LK>1</MA_LK><STT>1</STT></CHI_TIET_THUOC>\
                     <CHI_TIET_THUOC><MA_LK>1</MA_LK></CHI_TIET_THUOC></DSACH_CHI_TIET_THUOC></CHITIEU_CHITIET_THUOC>";
        assert_eq!(rows(usual), [("CHI_TIET_THUOC".into(), 2), ("CHI_TIET_THUOC".into(), 1)]);
        let old = "<CHITIEUTONGHOPKCBBHYT>\n <TONG_HOP>\n  <MA_LK>1</MA_LK>\n </TONG_HOP>\n</CHITIEUTONGHOPKCBBHYT>";
        assert_eq!(rows(old), [("TONG_HOP".into(), 1)]);
        assert_eq!(
            rows("<R><L><CHITIET_CLS><TEN_CHI_SO>x</TEN_CHI_SO><GIA_TRI>1</GIA_TRI></CHITIET_CLS></L></R>")
                .len(),
            1
        );
        assert_eq!(rows("<CHITIEU_CHITIET_THUOC><DSACH_CHI_TIET_THUOC/></CHITIEU_CHITIET_THUOC>"), []);
    }

    #[test]
    fn nested_elements_are_kept_by_path_and_control_characters_go() {
        let row = read("<R><MA_LK>1</MA_LK><X><Y>2\u{1}</Y></X><T> a\r\nb </T></R>", Bounds::default())
            .unwrap()
            .rows
            .remove(0);
        assert_eq!(row.get("X/Y"), Some("2"));
        assert_eq!(row.get("T"), Some("a\nb"));
        assert_eq!(row.get("Z"), None);
    }

    #[test]
    fn a_fault_names_row_and_column() {
        let text = "<L><D><MA_LK>1</MA_LK><S>1</S></D><D><MA_LK>1</MA_LK><S>a & b</S></D></L>";
        let problem = read(text, Bounds::default()).unwrap_err();
        assert_eq!((problem.row, problem.column.as_deref()), (Some(2), Some("S")));
    }
}
