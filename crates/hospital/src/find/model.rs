//! What the search page shows: found people as lines, with the matched part of the name marked.

use yba_fhir::text::fold;
use yba_ui::format;
use yba_ui::search::Hit;

/// A search needs at least this many characters.
pub const SHORTEST: usize = 2;
/// What is longer is no search (a scanned card has about 300 characters).
pub const LONGEST: usize = 1000;
/// People shown.
pub const SHOWN: usize = 20;

/// A found person, as the linking engine knows them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub commune: String,
    /// Numbers, most important first: what each is called, and the number with its beginning hidden.
    pub numbers: Vec<(String, String)>,
    /// Last day of the insurance; `None` without a card.
    pub insured_until: Option<String>,
    pub facilities: usize,
    pub dead: bool,
}

/// The line of one person for what was typed.
pub fn hit(person: &Person, query: &str, today: &str) -> Hit {
    let mut about = Vec::new();
    about.extend(format::year(&person.birth).map(|year| year.to_string()));
    about.push(format::sex(&person.sex).to_string());
    if !person.commune.is_empty() {
        about.push(person.commune.clone());
    }
    if person.dead {
        about.push("đã mất".into());
    }
    let mut papers = Vec::new();
    papers.extend(person.numbers.first().map(|(word, number)| format!("{word} {}", format::masked(number))));
    papers.push(match &person.insured_until {
        None => "chưa có BHYT".to_string(),
        Some(until) if until.as_str() < today => "BHYT hết hạn".to_string(),
        Some(_) => "BHYT còn hạn".to_string(),
    });
    Hit {
        href: format!("/nguoi/{}", person.id),
        name: marked(&person.name, query),
        about,
        papers,
        side: format!("{} cơ sở", format::count(person.facilities)),
    }
}

/// Cuts a name into pieces; `true` marks what a word of the query matched. Works on folded text, so
/// "ngoc" marks «Ngọc» in «Huỳnh Ngọc Ẩn».
pub fn marked(name: &str, query: &str) -> Vec<(bool, String)> {
    let folded_query = fold(query);
    let wanted: Vec<&str> = folded_query.split(' ').filter(|word| !word.is_empty()).collect();
    let mut pieces: Vec<(bool, String)> = Vec::new();
    for (at, word) in name.split_whitespace().enumerate() {
        if at > 0 {
            push(&mut pieces, false, " ");
        }
        let matched = matched_chars(word, &wanted);
        let end = word.char_indices().nth(matched).map_or(word.len(), |(end, _)| end);
        push(&mut pieces, true, &word[..end]);
        push(&mut pieces, false, &word[end..]);
    }
    pieces
}

/// How many characters at the start of `word` the longest matching query word covers.
fn matched_chars(word: &str, wanted: &[&str]) -> usize {
    let folded = fold(word);
    let Some(letters) = wanted.iter().filter(|want| folded.starts_with(**want)).map(|want| want.len()).max()
    else {
        return 0;
    };
    let mut covered = String::new();
    for (count, letter) in word.chars().enumerate() {
        if fold(&covered).len() >= letters {
            // Combining marks belong to the letter before them.
            return count
                + word.chars().skip(count).take_while(|c| ('\u{300}'..'\u{36f}').contains(c)).count();
        }
        covered.push(letter);
    }
    word.chars().count()
}

fn push(pieces: &mut Vec<(bool, String)>, matched: bool, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some((same, piece)) if *same == matched => piece.push_str(text),
        _ => pieces.push((matched, text.to_string())),
    }
}
