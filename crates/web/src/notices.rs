//! `/notices/{app}/{version}`: what people are told, to read and to keep. Instead of a version, the hash that a consent
//! names leads to the notice that was shown then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use yinuo_domain::{AppId, Digest, LocalText};
use yinuo_service::NoticeView;

use crate::fault::{Failed, Fault, Problem};
use crate::notice;
use crate::page::{Frame, page};
use crate::visit::{Visit, Web};
use crate::words::{Lang, Words};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/notices/{app}/{version}", get(show))
}

/// `GET /notices/{app}/{version}`, and with `.md` at the end its very text as a file.
async fn show(
    State(web): State<Web>,
    Path((app, which)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Failed> {
    let app = AppId::parse(&app).map_err(|_| Fault::new(Problem::NotFound))?;
    let (which, as_file) = match which.strip_suffix(".md") {
        Some(which) => (which.to_owned(), true),
        None => (which, false),
    };
    let view = web.read(move |gateway| gateway.notice(&app, &which)).await??;
    if as_file {
        return Ok(file(&view, visit.lang));
    }
    let template = NoticePage {
        notice: web.notices.html(view.document, visit.lang, &view.text),
        v: &view,
        f: Frame::new(&visit, None),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// The text, byte for byte as it stands in the document.
fn file(view: &NoticeView, lang: Lang) -> Response {
    let text = lang.words().text(&view.text).to_owned();
    let headers =
        [(header::CONTENT_TYPE, "text/markdown; charset=utf-8"), (header::CONTENT_LANGUAGE, lang.tag())];
    let mut response = (headers, text).into_response();
    // An app's id has only characters that need no quoting (RFC 6266).
    let name = format!("attachment; filename=\"notice-{}-{}.{}.md\"", view.app, view.version, lang.code());
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    f: Frame<'a>,
    v: &'a NoticeView,
    /// HTML from [`notice::to_html`], which lets no markup of the notice's author through.
    notice: Arc<str>,
}

impl NoticePage<'_> {
    fn heading(&self) -> String {
        let w: &Words = self.f.w;
        w.with("notice-title", "app", w.text(&self.v.app_name))
    }

    fn file(&self) -> String {
        format!("/notices/{}/{}.md", self.v.app, self.v.document)
    }
}

/// Notices as HTML. A document's hash names one text for good, so each is made once.
#[derive(Default)]
pub(crate) struct Notices(Mutex<HashMap<(Digest, &'static str), Arc<str>>>);

impl Notices {
    /// More than this many are forgotten together; there are as many as apps and languages.
    const MAX: usize = 1_024;

    pub(crate) fn html(&self, document: Digest, lang: Lang, text: &LocalText) -> Arc<str> {
        let key = (document, lang.code());
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        kept.unwrap_or_else(|| {
            let html: Arc<str> = notice::to_html(lang.words().text(text)).into();
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if Self::MAX <= kept.len() {
                kept.clear();
            }
            kept.insert(key, Arc::clone(&html));
            html
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_made_once_and_none_stands_for_another() {
        let notices = Notices::default();
        let text = |words: &str| LocalText { zh: format!("中 {words}"), en: words.to_owned() };
        for number in 0..=Notices::MAX {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            let (zh, en) = (
                notices.html(Digest(hash), Lang::Zh, &text(&number.to_string())),
                notices.html(Digest(hash), Lang::En, &text(&number.to_string())),
            );
            assert_eq!((&*zh, &*en), (&*format!("<p>中 {number}</p>\n"), &*format!("<p>{number}</p>\n")));
            assert!(Arc::ptr_eq(&en, &notices.html(Digest(hash), Lang::En, &text("another"))));
            assert!(notices.0.lock().unwrap().len() <= Notices::MAX);
        }
    }
}
