//! The administration's room, asked in process behind a real gate.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod accounts;
mod authoring;
mod health;
mod review;
mod trail;

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::{Request, StatusCode};
use std::sync::Arc;
use tower::ServiceExt;
use yba_admin::Admin;
use yba_auth::Grant;
use yba_content::Content;
use yba_records::gate::{NewAccount, Origin, Visitor};
use yba_records::{Ctx, Gate};
use yba_testkit::{Kit, app_code};
use yba_web::enter::page::encoded;
use yba_web::{RequestId, Site, SiteSettings};

const PASSWORD: &str = "bốn bức tường trắng";

/// A node with its room.
pub struct House {
    pub kit: Kit,
    pub gate: Gate,
    router: Router,
}

/// What a page answered.
pub struct Answer {
    pub status: StatusCode,
    pub kind: String,
    pub text: String,
}

impl House {
    pub async fn open(kit: Kit) -> House {
        let gate = Gate::open(kit.records.clone(), Arc::new(Content::built_in()), &[7; 32]).await.unwrap();
        let settings = SiteSettings {
            open: false,
            node: "Trạm thử".into(),
            source_url: "https://example.org/yba".into(),
            version: "0.1.0".into(),
            who: None,
            run: "r1".into(),
            gallery: false,
        };
        let site = Site::new(settings, vec![yba_admin::menu()]);
        let health: yba_admin::health::Look = Arc::new(|| {
            let to_do = vec![("Chưa sao lưu lần nào.".to_owned(), "Chạy `yba backup`.".to_owned())];
            let measures = vec![("Chỗ chứa", vec![("Ổ đĩa còn trống".to_owned(), "3 GB".to_owned())])];
            Box::pin(async { Ok(yba_admin::health::Health { measures, to_do }) })
        });
        let records = kit.records.clone();
        let content = Arc::new(Content::built_in());
        let forms = Arc::new(yba_forms::Library::load(&content).unwrap());
        let admin =
            Admin { site, gate: gate.clone(), records, content, forms, health, base_url: String::new() };
        House { router: yba_admin::routes(admin), kit, gate }
    }

    /// Somebody who has come in whole, with this role at this facility.
    pub async fn someone(&self, login: &str, name: &str, role: &str, facility: Option<&str>) -> Ctx {
        let mut grant = Grant::new(role, self.gate.today());
        grant.organization = facility.map(str::to_owned);
        let typed = NewAccount {
            login: login.into(),
            name: name.into(),
            roles: vec![grant],
            ..NewAccount::default()
        };
        let (_, link) = self.gate.create(&self.kit.ctx(), &typed).await.unwrap();
        let from = Origin { address: "10.1.2.3".into(), request_id: "r".into() };
        let came = self.gate.set_password_by_link(&link.0, PASSWORD, None, &from).await.unwrap();
        let mut visitor = self.gate.visitor(&came.session.0, &from).await.unwrap();
        if let Visitor::Halfway(here, _) = &visitor {
            let setup = self.gate.set_up_app(here).unwrap();
            let code = app_code(&setup.text, self.kit.now_ms());
            self.gate.keep_app(here, &setup.sealed, &code, &from).await.unwrap();
            visitor = self.gate.visitor(&came.session.0, &from).await.unwrap();
        }
        self.gate.ctx(&visitor, "page", login).with_address("10.1.2.3")
    }

    pub async fn get(&self, ctx: &Ctx, path: &str) -> Answer {
        self.ask(ctx, Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, ctx: &Ctx, path: &str, form: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.ask(ctx, request.body(Body::from(pairs.join("&"))).unwrap()).await
    }

    async fn ask(&self, ctx: &Ctx, request: Request<Body>) -> Answer {
        let router =
            self.router.clone().layer(Extension(ctx.clone())).layer(Extension(RequestId("q1".into())));
        let response = router.oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let kind = headers.get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
        Answer { status, kind, text: String::from_utf8(body.to_vec()).unwrap() }
    }
}
