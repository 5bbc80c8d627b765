//! What a value is found by, case by case, where a plain reading of it would be wrong: ranges and comparators, integers,
//! units in words, values without a code, schedules, escapes, sorting.

use crate::kit::{finds, ids, patient, resource, save};

#[tokio::test]
async fn ranges_comparators_and_integers_are_found_by_their_ends() {
    yba_testkit::each_engine(async |kit| {
        let store = kit.store();
        let risk = |id: &str, prediction: &str| {
            resource(&format!(r#"{{"resourceType":"RiskAssessment","id":"{id}","status":"final","subject":{{"reference":"Patient/a"}},"prediction":[{{{prediction}}}]}}"#))
        };
        let sequence = r#"{"resourceType":"MolecularSequence","id":"s","coordinateSystem":0,"variant":[{"start":2,"end":10}],"referenceSeq":{"chromosome":{"coding":[{"code":"7"}]}}}"#;
        for one in [
            &risk("between", r#""probabilityRange":{"low":{"value":10},"high":{"value":20}}"#),
            &risk("from", r#""probabilityRange":{"low":{"value":30}}"#),
            &risk("exact", r#""probabilityDecimal":15"#),
            &resource(sequence),
        ] {
            save(store, one).await;
        }
        finds(
            store,
            "RiskAssessment",
            &[
                ("probability=gt18", "between from"),
                ("probability=lt12", "between"),
                ("probability=lt50", "between exact from"),
                ("probability=sa12", "exact from"),
                ("probability=eb18", "exact"),
                ("probability=sa25", "from"),
                ("probability=15", "exact"),
                ("probability=ne15", "between from"),
            ],
        )
        .await;
        finds(
            store,
            "MolecularSequence",
            &[
                ("variant-start=2", "s"),
                ("variant-start=2.0", "s"),
                ("variant-start=2.5", ""),
                ("variant-end=1e1", "s"),
                ("variant-start=gt1.9", "s"),
                ("variant-start=gt2", ""),
                ("chromosome-variant-coordinate=7$gt1.9$lt10.1", "s"),
                ("chromosome-variant-coordinate=7$2$ne10", ""),
                ("chromosome-variant-coordinate=7$2$ap11", "s"),
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn quantities_are_found_by_comparator_and_by_either_name_of_their_unit() {
    yba_testkit::each_engine(async |kit| {
        let store = kit.store();
        let measured = |id: &str, quantity: &str| {
            resource(&format!(r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"code":"x"}}]}},"valueQuantity":{{{quantity}}}}}"#))
        };
        for one in [
            &measured("below", r#""value":5,"comparator":"<""#),
            &measured("above", r#""value":100,"comparator":">=""#),
            &measured("five", r#""value":5,"system":"http://unitsofmeasure.org","code":"Cel","unit":"độ""#),
            &measured("near", r#""value":4.98"#),
        ] {
            save(store, one).await;
        }
        finds(
            store,
            "Observation",
            &[
                ("value-quantity=lt5", "below near"),
                ("value-quantity=le5", "below five near"),
                ("value-quantity=ge5", "above five"),
                ("value-quantity=5", "five near"),
                ("value-quantity=gt500", "above"),
                ("value-quantity=eb5", "below near"),
                ("value-quantity=5||Cel", "five"),
                ("value-quantity=5||độ", "five"),
                ("value-quantity=5|http://unitsofmeasure.org|Cel", "five"),
                ("value-quantity=5|http://unitsofmeasure.org|độ", ""),
                ("code-value-quantity=x$5||độ", "five"),
                ("code-value-quantity=x$lt5", "below near"),
            ],
        )
        .await;
        assert_eq!(ids(store, "Observation", "_sort=value-quantity").await, ["below", "near", "five", "above"]);
        assert_eq!(ids(store, "Observation", "_sort=-value-quantity").await, ["above", "five", "near", "below"]);
    })
    .await;
}

#[tokio::test]
async fn a_value_in_words_only_is_not_missing_and_a_system_alone_is_found() {
    yba_testkit::each_engine(async |kit| {
        let store = kit.store();
        for text in [
            r#"{"resourceType":"Condition","id":"words","subject":{"display":"bà Mẩy"},"code":{"text":"sốt"},"identifier":[{"system":"urn:x","type":{"text":"thẻ"}}]}"#,
            r#"{"resourceType":"Condition","id":"coded","subject":{"reference":"Patient/a"},"code":{"coding":[{"system":"urn:c","code":"a\\b,c"}]},"identifier":[{"value":"1"}]}"#,
            r#"{"resourceType":"Condition","id":"bare","subject":{"type":"Patient","identifier":{"value":"1"}}}"#,
            r#"{"resourceType":"Patient","id":"a","name":[{"use":"nickname"}]}"#,
            r#"{"resourceType":"Patient","id":"b","name":[{"text":"Nguyễn Thị An"}]}"#,
            r#"{"resourceType":"Patient","id":"c","name":[{"text":"Bùi Văn Xa"}]}"#,
            r#"{"resourceType":"ValueSet","id":"urn","status":"active","url":"urn:oid:1.2.3"}"#,
            r#"{"resourceType":"ServiceRequest","id":"plan","status":"active","intent":"plan","subject":{"reference":"Patient/a"},"occurrenceTiming":{"event":["2026-01-01","2026-03-31"]}}"#,
            r#"{"resourceType":"ServiceRequest","id":"bounds","status":"active","intent":"plan","subject":{"reference":"Patient/a"},"occurrenceTiming":{"repeat":{"boundsPeriod":{"start":"2026-02-01"}}}}"#,
        ] {
            save(store, &resource(text)).await;
        }
        finds(
            store,
            "Condition",
            &[
                ("code:missing=false", "coded words"),
                ("code:missing=true", "bare"),
                ("code:not=z", "bare coded words"),
                ("subject:missing=false", "bare coded words"),
                ("patient:missing=false", "bare coded"),
                ("identifier=urn:x|", "words"),
                ("identifier:not=urn:x|", "bare coded"),
                ("code=urn:c|a\\\\b\\,c", "coded"),
                ("code=a\\\\b\\,c", "coded"),
            ],
        )
        .await;
        finds(store, "Patient", &[("name:missing=false", "a b c"), ("name:missing=true", "")]).await;
        finds(store, "ValueSet", &[("url:below=urn:oid:1.2", ""), ("url:below=urn:oid:1.2.3", "urn")]).await;
        let schedules = [("occurrence=ge2026-02-15&occurrence=le2026-02-16", "bounds plan"), ("occurrence=2026", "plan")];
        finds(store, "ServiceRequest", &schedules).await;
        assert_eq!(ids(store, "Patient", "_sort=name").await, ["c", "b", "a"], "by the whole name, not by a word of it");
        assert_eq!(ids(store, "Condition", "_sort=code,-_id").await, ["coded", "words", "bare"]);
    })
    .await;
}

#[tokio::test]
async fn a_long_text_is_not_found_by_the_mark_of_its_cut() {
    yba_testkit::each_engine(async |kit| {
        let store = kit.store();
        let long = "lo thi ".repeat(100);
        save(store, &patient("long", long.trim())).await;
        let found = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
        for sign in found {
            finds(store, "Patient", &[(&format!("name:contains={sign}"), "")]).await;
        }
        finds(store, "Patient", &[("name:contains=hi l", "long")]).await;
    })
    .await;
}
