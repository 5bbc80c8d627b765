//! What is asked of the trail, as an address says it.

use yba_fhir::resource::is_id;
use yba_fhir::{Day, Kind, Outcome};
use yba_mpi::birth::Birth;
use yba_records::audit::Wanted;

/// The fields of the forms.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Asked {
    /// The agent as it stands in the trail, such as `account/…`.
    pub ai: String,
    /// The id of a Patient.
    pub nguoi: String,
    /// First and last day.
    pub tu: String,
    pub den: String,
    pub viec: String,
    /// `duoc` or `tu-choi`.
    pub ket_cuc: String,
    /// An address of the network.
    pub dia_chi: String,
    pub trang: String,
}

/// Longest text of a field.
const TEXT_MAX: usize = 200;

fn slip(at: &str, text: &str) -> Outcome {
    Outcome::new(Kind::Invalid, "audit-field", text, format!("malformed {at}")).at(at)
}

impl Asked {
    pub fn cursor(&self) -> Option<&str> {
        (!self.trang.is_empty()).then_some(self.trang.as_str())
    }

    pub fn has_span(&self) -> bool {
        !self.tu.trim().is_empty() && !self.den.trim().is_empty()
    }

    /// The question. All slips at once.
    pub fn wanted(&self) -> Result<Wanted, Outcome> {
        let mut slips = Vec::new();
        let mut day = |at: &str, text: &str, plus: i64| {
            let text = text.trim();
            if text.is_empty() {
                return None;
            }
            // An address holds a day as a computer writes it, a form as people do.
            let typed = || Birth::read(text).and_then(|day| Day::parse(&day.to_string()));
            let day = Day::parse(text).or_else(typed);
            if day.is_none() {
                slips.extend(slip(at, "Gõ ngày/tháng/năm, ví dụ 31/03/2026.").issues);
            }
            day.map(|day| day.plus_days(plus).start_ms())
        };
        let (from_ms, until_ms) = (day("tu", &self.tu, 0), day("den", &self.den, 1));
        if matches!((from_ms, until_ms), (Some(from), Some(until)) if until <= from) {
            slips.extend(slip("den", "Ngày cuối đứng trước ngày đầu.").issues);
        }
        let patient = self.nguoi.trim();
        if !patient.is_empty() && !is_id(patient) {
            slips.extend(
                slip("nguoi", "Mã hồ sơ gồm chữ, số, gạch ngang, dấu chấm, dài không quá 64 ký tự.").issues,
            );
        }
        for (at, text) in [("ai", &self.ai), ("viec", &self.viec), ("dia-chi", &self.dia_chi)] {
            if text.chars().count() > TEXT_MAX {
                slips.extend(slip(at, "Nội dung quá dài.").issues);
            }
        }
        if !slips.is_empty() {
            return Err(Outcome { kind: Kind::Invalid, issues: slips });
        }
        let plain = |text: &str| text.trim().to_owned();
        Ok(Wanted {
            patients: if patient.is_empty() { Vec::new() } else { vec![plain(patient)] },
            agent: plain(&self.ai),
            action: plain(&self.viec),
            address: plain(&self.dia_chi),
            refused: match self.ket_cuc.as_str() {
                "duoc" => Some(false),
                "tu-choi" => Some(true),
                _ => None,
            },
            from_ms,
            until_ms,
        })
    }

    /// The same question as the tail of an address, with a place to go on from.
    pub fn query(&self, place: Option<&str>) -> String {
        let fields = [
            ("ai", self.ai.as_str()),
            ("nguoi", &self.nguoi),
            ("tu", &self.tu),
            ("den", &self.den),
            ("viec", &self.viec),
            ("ket-cuc", &self.ket_cuc),
            ("dia-chi", &self.dia_chi),
            ("trang", place.unwrap_or_default()),
        ];
        let kept = fields.into_iter().filter(|(_, text)| !text.is_empty());
        kept.map(|(name, text)| format!("{name}={}", encoded(text))).collect::<Vec<_>>().join("&")
    }
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_slips_of_a_form_are_told_at_once() {
        let asked = Asked { tu: "31/03".into(), den: "x".into(), nguoi: "a b".into(), ..Asked::default() };
        let refused = asked.wanted().unwrap_err();
        let paths: Vec<&str> = refused.issues.iter().filter_map(|issue| issue.path.as_deref()).collect();
        assert_eq!(paths, ["tu", "den", "nguoi"]);
        let backwards = Asked { tu: "2026-03-02".into(), den: "2026-03-01".into(), ..Asked::default() };
        assert_eq!(backwards.wanted().unwrap_err().issues[0].path.as_deref(), Some("den"));
    }

    #[test]
    fn a_span_of_one_day_is_that_day_in_vietnam() {
        let asked = Asked { tu: "2026-03-02".into(), den: "2026-03-02".into(), ..Asked::default() };
        let wanted = asked.wanted().unwrap();
        let day = Day::parse("2026-03-02").unwrap();
        assert_eq!(
            (wanted.from_ms, wanted.until_ms),
            (Some(day.start_ms()), Some(day.start_ms() + 86_400_000))
        );
    }

    #[test]
    fn what_was_asked_goes_along_to_the_next_page() {
        let asked = Asked { ai: "account/a&b=c".into(), ket_cuc: "tu-choi".into(), ..Asked::default() };
        assert_eq!(asked.query(Some("9-8")), "ai=account%2Fa%26b%3Dc&ket-cuc=tu-choi&trang=9-8");
    }
}
