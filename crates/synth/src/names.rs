//! Ethnic groups of the province and the names people in them carry.
//!
//! Shares follow the 2019 census of Lai Châu, rounded, in parts of 10,000; the lists hold common names of
//! each group, drawn independently, so no person here is meant to be anyone.

use crate::rng::Rng;
use crate::table::rows;
use std::sync::OnceLock;

/// An ethnic group.
pub struct Ethnic {
    /// MA_DANTOC.
    pub code: &'static str,
    pub name: &'static str,
    /// Declared share of the province's people, of 10,000.
    pub share: u32,
    family: Vec<(&'static str, u32)>,
    middle: [Vec<(&'static str, u32)>; 2],
    given: [Vec<&'static str>; 2],
}

/// The groups, read on first use.
pub fn ethnic_groups() -> &'static [Ethnic] {
    static ALL: OnceLock<Vec<Ethnic>> = OnceLock::new();
    ALL.get_or_init(|| {
        rows(include_str!("../data/ethnic.tsv"))
            .map(|row| {
                let weighted = |column| {
                    let text: &'static str = row.text(column);
                    text.split_whitespace()
                        .map(|word| {
                            let (name, weight) = word.split_once(':').expect("name:weight");
                            (name, weight.parse().expect("a weight"))
                        })
                        .collect()
                };
                Ethnic {
                    code: row.text(0),
                    name: row.text(1),
                    share: row.number(2) as u32,
                    family: weighted(3),
                    middle: [weighted(4), weighted(5)],
                    given: [row.words(6).collect(), row.words(7).collect()],
                }
            })
            .collect()
    })
}

impl Ethnic {
    /// A family name.
    pub fn family_name(&self, rng: &mut Rng) -> &'static str {
        draw(&self.family, rng)
    }

    /// A whole name with the given family name.
    pub fn name(&self, family: &str, female: bool, rng: &mut Rng) -> String {
        let sex = usize::from(female);
        let (middle, given) = (draw(&self.middle[sex], rng), rng.pick(&self.given[sex]));
        format!("{family} {middle} {given}")
    }
}

fn draw(of: &[(&'static str, u32)], rng: &mut Rng) -> &'static str {
    of[rng.weighted(of.iter().map(|(_, weight)| *weight))].0
}

/// A name or address as typed by people without a Vietnamese keyboard: marks and đ gone.
pub fn without_accents(text: &str) -> String {
    text.chars().map(plain).collect()
}

/// The base letter of a Vietnamese letter.
fn plain(c: char) -> char {
    const GROUPS: [(&str, char); 7] = [
        ("àáảãạăằắẳẵặâầấẩẫậ", 'a'),
        ("èéẻẽẹêềếểễệ", 'e'),
        ("ìíỉĩị", 'i'),
        ("òóỏõọôồốổỗộơờớởỡợ", 'o'),
        ("ùúủũụưừứửữự", 'u'),
        ("ỳýỷỹỵ", 'y'),
        ("đ", 'd'),
    ];
    if c.is_ascii() {
        return c;
    }
    let lower = c.to_lowercase().next().unwrap_or(c);
    match GROUPS.iter().find(|(letters, _)| letters.contains(lower)) {
        Some((_, base)) if lower == c => *base,
        Some((_, base)) => base.to_ascii_uppercase(),
        None => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_a_whole() {
        assert_eq!(ethnic_groups().iter().map(|e| e.share).sum::<u32>(), 10_000);
    }

    #[test]
    fn accents_go_and_letters_stay() {
        assert_eq!(without_accents("Lường Thị Đèo Ỳ Ổn"), "Luong Thi Deo Y On");
    }

    #[test]
    fn names_fit_the_group() {
        let hmong = ethnic_groups().iter().find(|e| e.name == "HMông").unwrap();
        let mut rng = Rng::new(5);
        for _ in 0..50 {
            let family = hmong.family_name(&mut rng);
            assert!(hmong.name(family, false, &mut rng).starts_with(family));
            assert!(
                ["Giàng", "Vàng", "Sùng", "Thào", "Mùa", "Lý", "Hảng", "Cứ", "Ma", "Chang", "Sình"]
                    .contains(&family)
            );
        }
    }
}
