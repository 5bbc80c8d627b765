//! What may be a slip of the hand: a dose far from the usual one, more than the dose takes. It is asked about as a rule of content is,
//! beside what the rules say; how far is far is content ([`yba_content::prescribing::DoseLimits`]).

use yba_rules::{Card, Severity, Verdict};

use super::{Setting, Sound, take_words};

const REASON_MANY: &str = "Người bệnh ở xa, cần dùng dài ngày";

/// Adds what is asked about the doses and quantities of a draft, before all that the rules say.
pub fn doubted(verdict: &mut Verdict, setting: &Setting<'_>, sound: &[Sound<'_>]) {
    let cards = sound
        .iter()
        .enumerate()
        .flat_map(|(at, one)| [dose(setting, one, at), quantity(setting, one, at)].into_iter().flatten());
    verdict.cards.splice(0..0, cards.collect::<Vec<_>>());
}

fn card(setting: &Setting<'_>, rule: &str, title: &str, number: usize) -> Card {
    Card {
        rule: rule.to_owned(),
        edition: setting.limits.from,
        number,
        title: title.to_owned(),
        severity: Severity::Stop,
        message: String::new(),
        suggest: String::new(),
        source: "Mức do Y Bạ đặt".to_owned(),
        uncertain: setting.limits.uncertain.clone(),
        reasons: Vec::new(),
        rests: Vec::new(),
        on: None,
        labels: Vec::new(),
    }
}

fn dose(setting: &Setting<'_>, one: &Sound<'_>, number: usize) -> Option<Card> {
    let drug = one.drug;
    let daily = u64::from(one.take_thousandths) * u64::from(one.times);
    let usual = u64::from(drug.take_thousandths) * u64::from(drug.times);
    if !setting.limits.dose.asks_dose(daily, usual) {
        return None;
    }
    let unit = &drug.dose_unit;
    let message = format!(
        "{}: mỗi lần {} {unit}, ngày {} lần. Thường dùng mỗi lần {} {unit}, ngày {} lần.",
        drug.name,
        take_words(one.take_thousandths),
        one.times,
        take_words(drug.take_thousandths),
        drug.times
    );
    let suggest = format!("Ô «Mỗi lần» ghi số {unit}, không ghi mg. Xem lại liều.");
    let reasons = vec!["Liều theo chỉ định chuyên khoa".to_owned()];
    Some(Card {
        message,
        suggest,
        reasons,
        ..card(setting, "dose-far-from-usual", "Liều khác xa liều thường dùng", number)
    })
}

fn quantity(setting: &Setting<'_>, one: &Sound<'_>, number: usize) -> Option<Card> {
    let (drug, limits) = (one.drug, setting.limits.dose);
    let needed = drug.units(one.take_thousandths, one.times, one.days);
    let is_far = match drug.per {
        Some(_) => limits.asks_units(one.units, needed),
        None => one.units > limits.units_unmeasured,
    };
    if !is_far {
        return None;
    }
    let taken = match drug.per {
        Some(_) => format!("; liều này trong {} ngày cần {needed} {}", one.days, drug.unit),
        None => String::new(),
    };
    let message = format!("{}: kê {} {}{taken}.", drug.name, one.units, drug.unit);
    let suggest = "Xem lại số lượng, số ngày.".to_owned();
    let reasons = vec![REASON_MANY.to_owned()];
    Some(Card {
        message,
        suggest,
        reasons,
        ..card(setting, "quantity-over-dose", "Số lượng nhiều hơn liều cần", number)
    })
}
