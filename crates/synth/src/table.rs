//! Tab-separated tables with one heading line, as in `data/`.

/// One line, cut at tabs.
pub struct Row(Vec<&'static str>);

/// The lines after the heading.
pub fn rows(table: &'static str) -> impl Iterator<Item = Row> {
    table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| Row(line.split('\t').collect()))
}

impl Row {
    /// A column; empty when the line ends before it.
    pub fn text(&self, column: usize) -> &'static str {
        self.0.get(column).copied().unwrap_or("")
    }

    /// A whole number.
    pub fn number(&self, column: usize) -> i64 {
        self.text(column).parse().expect("data/ is part of the program: a number stands here")
    }

    /// Words parted by spaces.
    pub fn words(&self, column: usize) -> impl Iterator<Item = &'static str> + use<> {
        self.text(column).split_whitespace()
    }

    /// Numbers parted by spaces.
    pub fn numbers(&self, column: usize) -> Vec<u32> {
        self.words(column)
            .map(|w| w.parse().expect("data/ is part of the program: numbers stand here"))
            .collect()
    }
}
