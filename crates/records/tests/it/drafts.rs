//! What somebody was typing is theirs, for some days, and bounded; on both engines.

use yba_fhir::Kind;
use yba_records::{Ctx, DRAFT_MAX, DRAFT_MS, DRAFTS_MAX, Draft};
use yba_testkit::{Kit, each_engine};

async fn kept(kit: &Kit, about: &str) -> Option<Draft> {
    kit.records.draft(&kit.ctx(), about).await.unwrap()
}

#[tokio::test]
async fn a_draft_is_kept_for_whoever_typed_it_until_it_is_sent_or_old() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        assert_eq!(kept(&kit, "form/p").await, None);
        records.keep_draft(&ctx, "form/p", "a=1").await.unwrap();
        kit.advance_ms(1000);
        let ms = records.keep_draft(&ctx, "form/p", "a=2&b='").await.unwrap();
        assert_eq!(kept(&kit, "form/p").await, Some(Draft { text: "a=2&b='".into(), ms }));
        assert_eq!(kept(&kit, "form/q").await, None);
        let stranger = Ctx::stranger("test");
        for refused in [
            records.draft(&stranger, "form/p").await.map(|_| ()),
            records.keep_draft(&stranger, "form/p", "").await.map(|_| ()),
            records.drop_draft(&stranger, "form/p").await,
        ] {
            assert_eq!(refused.unwrap_err().kind, Kind::Unauthenticated);
        }
        records.drop_draft(&ctx, "form/p").await.unwrap();
        assert_eq!(kept(&kit, "form/p").await, None);
        records.keep_draft(&ctx, "form/p", "a=3").await.unwrap();
        kit.advance_ms(DRAFT_MS + 1);
        assert_eq!(kept(&kit, "form/p").await, None, "nobody comes back to it after so long");
        records.keep_draft(&ctx, "form/q", "a=4").await.unwrap();
        let rows = records.store().query("SELECT about FROM draft", Vec::new()).await.unwrap();
        assert_eq!(rows.len(), 1, "old ones are gone from the disk");
    })
    .await;
}

#[tokio::test]
async fn drafts_are_bounded_in_length_and_number() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        let long = "x".repeat(DRAFT_MAX);
        records.keep_draft(&ctx, "long", &long).await.unwrap();
        let refused = records.keep_draft(&ctx, "long", &format!("{long}x")).await.unwrap_err();
        assert_eq!(refused.kind, Kind::TooLarge);
        for at in 0..=DRAFTS_MAX {
            kit.advance_ms(1);
            records.keep_draft(&ctx, &format!("form/{at}"), "a").await.unwrap();
        }
        assert_eq!(kept(&kit, "long").await, None, "the oldest gives way");
        assert_eq!(kept(&kit, "form/0").await, None);
        assert!(kept(&kit, "form/1").await.is_some());
    })
    .await;
}
