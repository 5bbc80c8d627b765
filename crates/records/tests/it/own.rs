//! What somebody did themselves comes back to them, and nothing that others did; on both engines.

use yba_fhir::json::json;
use yba_fhir::{Kind, Resource};
use yba_records::{Change, Ctx, Records};
use yba_testkit::each_engine;

async fn write(records: &Records, ctx: &Ctx, id: &str) {
    let tree = json!({"resourceType": "Patient", "id": id, "name": [{"text": "Lò Thị Tập"}]});
    records.transact(ctx, vec![Change::put(Resource::from_value(tree).unwrap())]).await.unwrap();
}

#[tokio::test]
async fn what_somebody_wrote_and_looked_at_comes_back_to_them_alone() {
    each_engine(async |kit| {
        let (records, ctx, other) = (&kit.records, kit.ctx(), Ctx::system("other"));
        write(records, &ctx, "before").await;
        kit.advance_ms(1000);
        let since = kit.now_ms();
        for (who, id) in [(&ctx, "mine"), (&other, "hers"), (&ctx, "mine-too"), (&other, "mine")] {
            write(records, who, id).await;
        }
        records.read(&ctx, "Patient", "hers").await.unwrap();
        records.read(&other, "Patient", "mine").await.unwrap();
        let writes = records.own_writes(&ctx, since).await.unwrap();
        let ids: Vec<&str> = writes.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["mine-too", "mine"], "newest first, as they were written");
        let looks = records.own_looks(&ctx, since).await.unwrap();
        let seen: Vec<(&str, &[String])> =
            looks.iter().map(|one| (one.action.as_str(), one.patients.as_slice())).collect();
        assert_eq!(seen, [("read", ["hers".to_owned()].as_slice())], "asking is no look of theirs");
        let stranger = Ctx::stranger("test");
        assert_eq!(records.own_writes(&stranger, 0).await.unwrap_err().kind, Kind::Unauthenticated);
        assert_eq!(records.own_looks(&stranger, 0).await.unwrap_err().kind, Kind::Unauthenticated);
    })
    .await;
}
