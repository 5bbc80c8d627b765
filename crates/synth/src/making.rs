//! How a visit is worked out from its heading: diagnoses, services, tests, drugs and notes, step by step.

use crate::calendar::Day;
use crate::catalog::{Drug, Lab, Service, catalog};
use crate::lab::lab_value;
use crate::money::{Level, Milli, Split, Totals};
use crate::person::{Card, Person};
use crate::places::{Kind, places};
use crate::record::{Disease, DrugLine, Finding, Note, Record, Result, ServiceLine, Vitals};
use crate::rng::Rng;
use crate::visit::{Reason, Stay, Visit, route};

/// Works a visit out. `shown` is the card shown at the desk, if any; `staff` how many work there.
pub fn record(visit: &Visit, person: &Person, shown: Option<Card>, seed: &Rng, staff: usize) -> Record {
    let rng = seed.fork("record", u64::from(visit.index));
    let mut at = Making { visit, person, seed, staff, rng, day: visit.start.day() };
    let (main, others, complaint) = at.diagnoses();
    let doctor = at.worker();
    let outcome = at.outcome();
    let route = if shown.is_some() { route(visit, person.registered) } else { "9" };
    let mut record = Record {
        main,
        others,
        complaint,
        route,
        card: shown,
        level: Level(0),
        drugs: Vec::new(),
        services: Vec::new(),
        results: Vec::new(),
        findings: Vec::new(),
        notes: Vec::new(),
        weight: at.weight(),
        outcome,
        leaving: at.leaving(outcome),
        department: at.department(),
        doctor,
        totals: Totals::default(),
    };
    at.services(&mut record);
    at.tests(&mut record);
    at.drugs(&mut record);
    at.notes(&mut record);
    record.settle(at.day);
    record
}

struct Making<'a> {
    visit: &'a Visit,
    person: &'a Person,
    seed: &'a Rng,
    staff: usize,
    rng: Rng,
    day: Day,
}

impl Making<'_> {
    fn worker(&mut self) -> usize {
        self.rng.below(self.staff as u64) as usize
    }

    fn kind(&self) -> Kind {
        places().facilities[usize::from(self.visit.facility)].kind
    }

    fn diagnoses(&mut self) -> (Disease, Vec<Disease>, &'static str) {
        let of = |icd, name| Disease { icd, name };
        let all = catalog();
        let mut lasting: Vec<Disease> = self
            .person
            .burdens(self.day)
            .map(|b| &all.chronic[usize::from(b.disease)])
            .map(|c| of(c.icd, c.name))
            .take(11)
            .collect();
        match self.visit.reason {
            Reason::Acute(index) => {
                let acute = &all.acute[usize::from(index)];
                lasting.retain(|d| d.icd != acute.icd);
                (of(acute.icd, acute.name), lasting, acute.complaint)
            }
            Reason::Chronic if lasting.is_empty() => {
                (of("Z00", "Khám sức khỏe tổng quát"), lasting, "Khám định kỳ")
            }
            Reason::Chronic => (lasting.remove(0), lasting, "Tái khám theo hẹn"),
            Reason::Tuberculosis(_) => (
                of("A15", "Lao đường hô hấp, xác nhận về vi khuẩn học và mô học"),
                lasting,
                "Ho khạc đờm kéo dài, sốt về chiều",
            ),
            Reason::Antenatal(_) => (of("Z34", "Theo dõi thai bình thường"), lasting, "Khám thai"),
            Reason::Delivery { caesarean: true } => {
                (of("O82", "Đẻ một thai bằng mổ lấy thai"), lasting, "Thai đủ tháng, đau bụng")
            }
            Reason::Delivery { .. } => (of("O80", "Đẻ thường một thai"), lasting, "Thai đủ tháng, chuyển dạ"),
            Reason::Newborn(1) => (of("P59", "Vàng da sơ sinh do nguyên nhân khác"), lasting, "Vàng da"),
            Reason::Newborn(2) => (of("P36", "Nhiễm khuẩn sơ sinh"), lasting, "Bú kém, sốt"),
            Reason::Newborn(_) => (of("Z38", "Trẻ sinh ra sống theo nơi sinh"), lasting, "Theo dõi sau sinh"),
        }
    }

    fn weight(&mut self) -> i64 {
        let weight = self.person.weight(self.day, &mut self.rng);
        match self.visit.reason {
            Reason::Antenatal(week) => weight + i64::from(week) * 3,
            _ => weight,
        }
    }

    /// KET_QUA_DTRI: 1 recovered, 2 better, 3 unchanged, 4 worse, 5 died, 6 taken home dying.
    fn outcome(&mut self) -> u8 {
        let (often, rarely) = match (self.visit.fatal, self.visit.to.is_some(), self.visit.stay.admitted()) {
            (true, ..) => (5, 6),
            (_, true, _) => (3, 4),
            (.., true) => (1, 2),
            _ => (2, 2),
        };
        if self.rng.chance(6000) { often } else { rarely }
    }

    /// MA_LOAI_RV: 1 discharged, 2 referred, 4 left at their own wish.
    fn leaving(&mut self, outcome: u8) -> u8 {
        let own_wish = self.visit.stay == Stay::Inpatient && self.rng.chance(150);
        match outcome {
            _ if self.visit.to.is_some() => 2,
            6 => 4,
            5 => 1,
            _ if own_wish => 4,
            _ => 1,
        }
    }

    fn department(&self) -> &'static str {
        let surgical = |icd: &str| matches!(icd, "K35" | "S52" | "S06" | "S01" | "S61");
        match (self.visit.stay, self.visit.reason, self.kind()) {
            (Stay::Inpatient, Reason::Delivery { .. }, _) => "K27",
            (Stay::Inpatient, Reason::Newborn(_), _) => "K18",
            (Stay::Inpatient, Reason::Tuberculosis(_), _) => "K23",
            (Stay::Inpatient, Reason::Acute(i), _) if surgical(catalog().acute[usize::from(i)].icd) => "K19",
            (Stay::Inpatient, ..) if self.visit.fatal => "K48",
            (Stay::Inpatient, ..) if self.person.age_on(self.day) < 15 => "K18",
            (Stay::Inpatient, ..) => "K03",
            (Stay::Short, ..) => "K02",
            _ => "K01",
        }
    }

    fn add(&mut self, record: &mut Record, key: &str, quantity: i64, after: i64) {
        let ordered = self.visit.start.plus(after);
        let (done, result) = (ordered.plus(self.rng.between(5, 15)), ordered.plus(self.rng.between(20, 30)));
        let (doctor, performer) = (record.doctor, self.worker());
        let service = catalog().service(key);
        let last = self.visit.end;
        record.services.push(ServiceLine {
            service,
            quantity: Milli::whole(quantity),
            rate: 100,
            ordered: ordered.min(last),
            done: done.min(last),
            result: result.min(last),
            doctor,
            performer,
            bed: None,
            split: Split::default(),
        });
    }

    fn services(&mut self, record: &mut Record) {
        let exam = match (self.kind(), self.visit.reason, record.main.icd) {
            (Kind::Station, ..) => "exam_station",
            (_, Reason::Antenatal(_) | Reason::Delivery { .. }, _) => "exam_obs",
            (.., "S52" | "S01" | "S61" | "K35" | "L02") => "exam_surg",
            (.., "H66" | "J03") => "exam_ent",
            (.., "K04") => "exam_dent",
            (.., "H10") => "exam_eye",
            _ => "exam",
        };
        if self.visit.stay != Stay::PickUp && !matches!(self.visit.reason, Reason::Newborn(_)) {
            self.add(record, exam, 1, 5);
        }
        // A second examination the same day pays 30 % (QĐ 4750, TYLE_TT_DV).
        if self.visit.stay == Stay::Exam && self.kind() != Kind::Station && self.rng.chance(400) {
            self.add(record, "exam_ent", 1, 12);
            if let Some(line) = record.services.last_mut() {
                line.rate = 30;
            }
        }
        self.beds(record);
        if self.kind() != Kind::Station || self.visit.stay == Stay::Station {
            self.procedures(record);
        }
    }

    fn beds(&mut self, record: &mut Record) {
        let key = match (self.visit.stay, record.department) {
            (Stay::Station, _) => "bed_station",
            (Stay::Inpatient, "K27") => "bed_obs",
            (Stay::Inpatient, "K18") => "bed_child",
            (Stay::Inpatient, "K19") => "bed_surg",
            (Stay::Inpatient, "K23") => "bed_tb",
            (Stay::Inpatient, "K48") => "bed_icu",
            (Stay::Inpatient, _) => "bed_internal",
            _ => return,
        };
        let days = i64::from(self.visit.end.day().0 - self.visit.start.day().0).max(1);
        self.add(record, key, days, 30);
        let bed = format!("H{:03}", 1 + self.rng.below(60));
        let end = self.visit.end;
        if let Some(line) = record.services.last_mut() {
            (line.bed, line.result) = (Some(bed), end);
        }
    }

    fn procedures(&mut self, record: &mut Record) {
        let keys: &[&str] = match (self.visit.reason, record.main.icd) {
            (Reason::Delivery { caesarean: true }, _) => &["caesarean"],
            (Reason::Delivery { .. }, _) => &["delivery"],
            (Reason::Newborn(1), _) => &["phototherapy"],
            (Reason::Antenatal(week), _) if self.kind() != Kind::Station && week > 10 => &["us_obs"],
            (_, "K35") => &["appendectomy"],
            (_, "S52") => &["cast"],
            (_, "S01" | "S61") => &["suture", "dressing"],
            (_, "L02") => &["dressing"],
            (_, "K04") => &["tooth"],
            (_, "J18" | "I50") if self.visit.stay == Stay::Inpatient => &["oxygen"],
            (_, "J44" | "J45" | "J20") if self.rng.chance(3000) => &["nebuliser"],
            _ => &[],
        };
        for key in keys {
            self.add(record, key, 1, 45);
        }
        let Reason::Acute(index) = self.visit.reason else { return };
        for image in &catalog().acute[usize::from(index)].images {
            let provincial = self.kind() == Kind::Provincial;
            if (image.key != "ct_head" || provincial) && (self.visit.stay.admitted() || self.rng.chance(6000))
            {
                self.add(record, image.key, 1, 40);
                self.finding(record, image, index);
            }
        }
    }

    fn finding(&mut self, record: &mut Record, service: &'static Service, acute: u8) {
        let ill =
            matches!(catalog().acute[usize::from(acute)].icd, "J18" | "S52" | "I63" | "N20" | "K35" | "I21");
        let (text, conclusion) = match (service.key, ill) {
            ("xray_chest", true) => {
                ("Đám mờ không đều thùy dưới phổi phải, bờ tim rõ.", "Hình ảnh viêm phổi thùy dưới phải")
            }
            ("xray_chest", _) => {
                ("Hai trường phổi sáng, bóng tim không to.", "Không thấy bất thường trên phim")
            }
            ("xray_limb", true) => {
                ("Mất liên tục vỏ xương 1/3 dưới xương quay, ít di lệch.", "Gãy đầu dưới xương quay")
            }
            ("xray_spine", _) => ("Gai xương bờ trước thân đốt L3, L4.", "Thoái hóa cột sống thắt lưng"),
            ("us_abdomen", true) => {
                ("Cấu trúc tăng âm kèm bóng cản, dịch quanh ổ ít.", "Hình ảnh phù hợp chẩn đoán lâm sàng")
            }
            ("us_abdomen", _) => {
                ("Gan không to, nhu mô đều. Đường mật không giãn.", "Hiện tại chưa thấy bất thường")
            }
            ("ct_head", true) => ("Ổ giảm tỷ trọng vùng thái dương trái.", "Nhồi máu não bán cầu trái"),
            ("ct_head", _) => ("Không thấy ổ tỷ trọng bất thường nhu mô não.", "Không thấy chảy máu nội sọ"),
            ("ecg", true) => {
                ("Nhịp xoang 92 ck/phút, ST chênh lên D2, D3, aVF.", "Theo dõi nhồi máu cơ tim thành dưới")
            }
            _ => ("Nhịp xoang đều.", "Trong giới hạn bình thường"),
        };
        let (at, reader) = (record.services.last().map_or(self.visit.end, |l| l.result), self.worker());
        record.findings.push(Finding { service, text, conclusion, at, reader });
    }

    fn wanted_tests(&mut self) -> Vec<&'static Lab> {
        let all = catalog();
        let by = |codes: &[&str]| codes.iter().map(|c| all.lab(c)).collect::<Vec<_>>();
        match self.visit.reason {
            Reason::Acute(index) if self.visit.stay.admitted() => {
                let mut wanted = all.acute[usize::from(index)].tests.clone();
                wanted.extend(by(&["6690-2", "789-8", "718-7", "4544-3", "777-3", "770-8", "736-9"]));
                wanted.extend(by(&["14749-6", "22664-7", "14682-9", "2951-2", "2823-3", "2075-0"]));
                wanted
            }
            Reason::Acute(index) if self.rng.chance(6500) => {
                let mut wanted = all.acute[usize::from(index)].tests.clone();
                if wanted.iter().any(|l| l.loinc == "6690-2") {
                    wanted.extend(by(&["789-8", "718-7", "777-3", "770-8", "736-9"]));
                }
                wanted
            }
            Reason::Chronic if self.visit.stay == Stay::LongTermServices => {
                let tests =
                    self.person.burdens(self.day).flat_map(|b| &all.chronic[usize::from(b.disease)].tests);
                tests.copied().collect()
            }
            Reason::Tuberculosis(0) => by(&["11545-1", "38379-4", "6690-2", "1988-5", "1742-6", "1920-8"]),
            Reason::Tuberculosis(_) => by(&["11545-1", "1742-6", "1920-8"]),
            Reason::Antenatal(12) => {
                by(&["883-9", "10331-7", "5195-3", "718-7", "6690-2", "20454-5", "14749-6"])
            }
            Reason::Antenatal(_) => by(&["20454-5", "25428-4", "718-7"]),
            Reason::Delivery { .. } => {
                by(&["718-7", "6690-2", "777-3", "883-9", "10331-7", "5195-3", "6301-6"])
            }
            Reason::Newborn(1) => by(&["14631-6", "718-7"]),
            Reason::Newborn(2) => by(&["6690-2", "770-8", "1988-5", "14749-6"]),
            _ => Vec::new(),
        }
    }

    fn tests(&mut self, record: &mut Record) {
        if matches!(self.kind(), Kind::Station) {
            return; // A station sends its patients up for tests.
        }
        let mut wanted = self.wanted_tests();
        wanted.sort_by_key(|l| l.loinc);
        wanted.dedup_by_key(|l| l.loinc);
        for lab in wanted {
            let line = record.services.iter().find(|l| l.service.key == lab.service.key);
            let (at, reader) = match line {
                Some(line) => (line.result, line.performer),
                None => {
                    self.add(record, lab.service.key, 1, 20);
                    record.services.last().map(|l| (l.result, l.performer)).expect("one was just added")
                }
            };
            let value = lab_value(lab, self.person, self.day, record.main.icd, self.seed);
            record.results.push(Result { lab, value, at, reader });
        }
    }

    fn drugs(&mut self, record: &mut Record) {
        if self.visit.to.is_some() && self.visit.stay == Stay::Exam {
            return;
        }
        let all = catalog();
        let by = |keys: &[&str]| keys.iter().map(|k| all.drug(k)).collect::<Vec<_>>();
        let mut wanted: Vec<&'static Drug> = match self.visit.reason {
            Reason::Acute(index) => all.acute[usize::from(index)].drugs.clone(),
            Reason::Chronic => self.lasting_drugs(),
            Reason::Tuberculosis(month) => by(&[if month < 2 { "rhze" } else { "rh" }]),
            Reason::Antenatal(_) => by(&["sat_folic", "calci_d"]),
            Reason::Delivery { caesarean: true } => {
                by(&["oxytocin", "cefotaxim", "paracetamol_inj", "natri_clorid"])
            }
            Reason::Delivery { .. } => by(&["oxytocin", "sat_folic"]),
            Reason::Newborn(2) => by(&["phytomenadion", "cefotaxim", "gentamicin"]),
            Reason::Newborn(_) => by(&["phytomenadion"]),
        };
        if let Some(allergy) = self.person.allergy() {
            // What the person must not get is replaced by what does no harm to anyone listed here.
            for drug in wanted.iter_mut().filter(|d| d.atc.starts_with(allergy.atc)) {
                *drug = all.drug(if allergy.atc == "M01A" { "paracetamol" } else { "azithromycin" });
            }
        }
        let child = self.person.age_on(self.day) < 6;
        for (n, drug) in wanted.into_iter().enumerate() {
            let inpatient = self.visit.stay == Stay::Inpatient;
            let stay = i64::from(self.visit.end.day().0 - self.day.0).max(1);
            let days = if inpatient { drug.days.min(stay) } else { drug.days };
            let take = if child { 1 } else { drug.take };
            record.drugs.push(DrugLine {
                drug,
                days,
                quantity: Milli::whole(take * drug.times * days),
                at: self.visit.start.plus(35 + n as i64).min(self.visit.end),
                doctor: record.doctor,
                split: Split::default(),
            });
        }
    }

    /// One or two drugs for each lasting disease, the same for the person all along.
    fn lasting_drugs(&self) -> Vec<&'static Drug> {
        let mut own = self.seed.fork("drugs", u64::from(self.person.index));
        let mut all: Vec<&'static Drug> = Vec::new();
        for burden in self.person.burdens(self.day) {
            let disease = &catalog().chronic[usize::from(burden.disease)];
            let first = own.below(disease.drugs.len() as u64) as usize;
            let second = own.chance(4500).then_some((first + 1) % disease.drugs.len());
            all.extend(std::iter::once(first).chain(second).map(|i| disease.drugs[i]));
        }
        all.sort_by_key(|d| d.key);
        all.dedup_by_key(|d| d.key);
        all
    }

    /// Vital signs: blood pressure by age, hypertension and its treatment; fever by illness.
    fn vitals(&mut self, record: &Record, day: Day) -> Vitals {
        let age = i64::from(self.person.age_on(day));
        let since = self.person.burdens(day).find(|b| catalog().chronic[usize::from(b.disease)].key == "htn");
        let raised = since.map_or(0, |b| 28 - i64::from(day.0 - b.onset.0).clamp(0, 360) / 18);
        let own = (self.person.bhxh % 17) as i64 - 8;
        let base = if age < 12 { 90 + age * 2 } else { 108 + (age - 12) * 3 / 10 };
        let systolic = self.rng.bell(base + raised + own, 6);
        let fever = matches!(record.main.icd.as_bytes()[0], b'J' | b'A' | b'B') && day == self.day;
        Vitals {
            pulse: self.rng.bell(if age < 5 { 118 } else { 78 }, 8),
            temperature: if fever { self.rng.between(378, 395) } else { self.rng.between(364, 372) },
            systolic,
            diastolic: systolic * 6 / 10 + self.rng.between(-4, 6),
            breaths: self.rng.between(16, if age < 5 { 38 } else { 22 }),
            oxygen: if record.main.icd == "J18" {
                self.rng.between(91, 97)
            } else {
                self.rng.between(96, 99)
            },
        }
    }

    fn notes(&mut self, record: &mut Record) {
        const COURSE: [&str; 4] = [
            "Bệnh nhân tỉnh, tiếp xúc tốt. Da niêm mạc hồng.",
            "Toàn trạng ổn định, ăn uống được.",
            "Đỡ sốt, đỡ đau, đại tiểu tiện bình thường.",
            "Các triệu chứng giảm, tiếp tục điều trị theo phác đồ.",
        ];
        if self.visit.stay == Stay::PickUp {
            return;
        }
        let days = if self.visit.stay.admitted() { (self.visit.end.day().0 - self.day.0).min(9) } else { 0 };
        for day in 0..=days {
            let at = if day == 0 { self.visit.start.plus(15) } else { self.day.plus(day).at(8, 10) };
            if at > self.visit.end {
                break;
            }
            let vitals = self.vitals(record, at.day());
            let text = if day == 0 { COURSE[0] } else { COURSE[1 + self.rng.below(3) as usize] };
            record.notes.push(Note { at, text, vitals, author: record.doctor });
        }
    }
}
