//! A small reader for the tests, tolerant of both dialects; not the one the product uses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::Event;

/// An element: name, text directly inside, children.
#[derive(Debug, Default)]
pub struct Node {
    pub name: String,
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    pub fn find(&self, name: &str) -> Option<&Node> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|c| c.find(name))
    }

    pub fn all<'a>(&'a self, name: &str, found: &mut Vec<&'a Node>) {
        if self.name == name {
            found.push(self);
        }
        for child in &self.children {
            child.all(name, found);
        }
    }

    /// The text of a column, empty when it is absent.
    pub fn column(&self, name: &str) -> &str {
        self.children.iter().find(|c| c.name == name).map_or("", |c| c.text.trim())
    }
}

/// Reads a document; panics with the place when it is not well-formed.
pub fn tree(bytes: &[u8]) -> Node {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut stack = vec![Node::default()];
    loop {
        let at = reader.buffer_position();
        match reader.read_event().unwrap_or_else(|e| panic!("{e} at {at}")) {
            Event::Start(e) => {
                let name = e.name().as_ref().to_owned();
                stack.push(Node { name, ..Node::default() });
            }
            Event::Empty(e) => {
                let name = e.name().as_ref().to_owned();
                stack.last_mut().unwrap().children.push(Node { name, ..Node::default() });
            }
            Event::End(_) => {
                let done = stack.pop().unwrap();
                stack.last_mut().unwrap().children.push(done);
            }
            Event::Text(t) => stack.last_mut().unwrap().text.push_str(&t.xml10_content()),
            Event::GeneralRef(r) => {
                let c = match &*r {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    other => panic!("entity {other}"),
                };
                stack.last_mut().unwrap().text.push(c);
            }
            Event::CData(t) => stack.last_mut().unwrap().text.push_str(&t.xml10_content()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(stack.len(), 1, "every element is closed");
    stack.pop().unwrap()
}

/// One claim: its parts by LOAIHOSO.
pub type Claim = Vec<(String, Node)>;

/// The claims in an envelope, whichever way the parts are held.
pub fn claims(bytes: &[u8]) -> Vec<Claim> {
    let root = tree(bytes);
    let mut found = Vec::new();
    root.all("HOSO", &mut found);
    found.iter().map(|claim| parts(claim)).collect()
}

fn parts(claim: &Node) -> Claim {
    let mut files = Vec::new();
    claim.all("FILEHOSO", &mut files);
    let read = |file: &&Node| {
        let held = file.find("NOIDUNGFILE").unwrap();
        let text = held.text.trim();
        let node = if !held.children.is_empty() {
            Node { children: held.children.iter().map(copy).collect(), ..Node::default() }
        } else if text.starts_with('<') {
            tree(text.as_bytes())
        } else {
            let packed: String = text.split_whitespace().collect();
            tree(&STANDARD.decode(packed).expect("base64"))
        };
        (file.column("LOAIHOSO").to_owned(), node)
    };
    files.iter().map(read).collect()
}

fn copy(node: &Node) -> Node {
    Node {
        name: node.name.clone(),
        text: node.text.clone(),
        children: node.children.iter().map(copy).collect(),
    }
}

/// The rows of a part, however they are called.
pub fn rows<'a>(claim: &'a Claim, kind: &str) -> Vec<&'a Node> {
    let Some((_, part)) = claim.iter().find(|(k, _)| k == kind) else { return Vec::new() };
    let mut found = Vec::new();
    collect(part, &mut found);
    found
}

/// A row is an element that holds MA_LK.
fn collect<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    if node.children.iter().any(|c| c.name == "MA_LK") {
        found.push(node);
    } else {
        node.children.iter().for_each(|c| collect(c, found));
    }
}
