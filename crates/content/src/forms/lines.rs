//! Where the parts of a document stand in its file.

use std::collections::BTreeMap;

/// The lines of all members of a document, by place: `item[2].item[0].text`.
#[derive(Debug, Clone, Default)]
pub struct Lines(BTreeMap<String, u32>);

impl Lines {
    pub(super) fn put(&mut self, place: String, line: u32) {
        self.0.entry(place).or_insert(line);
    }

    /// The line of a place, or of the nearest part around it that is in the file; 0 when none is.
    pub fn of(&self, place: &str) -> u32 {
        let mut place = place;
        loop {
            if let Some(line) = self.0.get(place) {
                return *line;
            }
            match place.rfind(['.', '[']) {
                Some(end) => place = &place[..end],
                None => return 0,
            }
        }
    }

    /// Of a text that is known to be JSON.
    pub fn of_json(text: &str) -> Lines {
        let mut walk = Walk { lines: Lines::default(), steps: Vec::new(), line: 1 };
        walk.all(text);
        walk.lines
    }
}

/// One step of a place: a member's name (while it is being read, its key), or how many items of a list were begun.
enum Step {
    Member(String),
    Item(usize),
}

/// Reads a JSON text letter by letter; it need not refuse anything.
struct Walk {
    lines: Lines,
    steps: Vec<Step>,
    line: u32,
}

impl Walk {
    fn all(&mut self, text: &str) {
        let mut letters = text.chars().peekable();
        let mut fresh = true;
        while let Some(letter) = letters.next() {
            match letter {
                '\n' => self.line += 1,
                '{' => self.begin(Step::Member(String::new()), &mut fresh),
                '[' => self.begin(Step::Item(0), &mut fresh),
                '}' | ']' => {
                    self.steps.pop();
                }
                ',' => {
                    fresh = true;
                    if let Some(Step::Item(at)) = self.steps.last_mut() {
                        *at += 1;
                    }
                }
                '"' => {
                    let read = string(&mut letters);
                    let is_key = fresh && matches!(self.steps.last(), Some(Step::Member(_)));
                    if is_key && let Some(Step::Member(name)) = self.steps.last_mut() {
                        *name = read;
                    }
                    self.note(&mut fresh);
                }
                ' ' | '\t' | '\r' | ':' => {}
                _ => self.note(&mut fresh),
            }
        }
    }

    fn begin(&mut self, step: Step, fresh: &mut bool) {
        self.note(fresh);
        self.steps.push(step);
        *fresh = true;
    }

    /// A member or an item begins here.
    fn note(&mut self, fresh: &mut bool) {
        if std::mem::take(fresh) {
            let place = self.place();
            self.lines.put(place, self.line);
        }
    }

    fn place(&self) -> String {
        self.steps.iter().fold(String::new(), |mut place, step| {
            match step {
                Step::Item(at) => place.push_str(&format!("[{at}]")),
                Step::Member(name) if place.is_empty() => place.push_str(name),
                Step::Member(name) => {
                    place.push('.');
                    place.push_str(name);
                }
            }
            place
        })
    }
}

/// The rest of a string whose first quote was read.
fn string(letters: &mut impl Iterator<Item = char>) -> String {
    let mut read = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => read.extend(letters.next()),
            other => read.push(other),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_json_are_found_with_their_lines() {
        let lines = Lines::of_json(
            "{\n\"a\": 1,\n\"item\": [\n {\"x\": \"}{\",\n \"y\": [1,\n 2]},\n {\"x\": {\"z\": true}}\n]}",
        );
        let rows = [
            ("a", 2),
            ("item", 3),
            ("item[0]", 4),
            ("item[0].x", 4),
            ("item[0].y", 5),
            ("item[0].y[1]", 6),
            ("item[1].x.z", 7),
            ("item[1].x.none", 7),
            ("none", 0),
        ];
        for (place, line) in rows {
            assert_eq!(lines.of(place), line, "{place}");
        }
    }
}
