//! The sample partner's pages: plain, in both languages at once.

use askama::Template;

use super::client::Asked;

#[derive(Template)]
#[template(path = "home.html")]
struct Home;

#[derive(Template)]
#[template(path = "app.html")]
struct App<'a> {
    app: &'a str,
    zh: &'a str,
    en: &'a str,
    asks: bool,
    connected: bool,
}

#[derive(Template)]
#[template(path = "asked.html")]
struct AskedPage<'a> {
    app: &'a str,
    asked: &'a Asked,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    app: &'a str,
    zh: &'a str,
    en: &'a str,
    detail: &'a str,
}

pub(crate) fn home() -> String {
    rendered(&Home)
}

/// The page of one app; none for an unknown one.
pub(crate) fn app(app: &str, connected: bool) -> Option<String> {
    let (zh, en, asks) = match app {
        "sample-courier" => ("示例快递：寄一个包裹", "Sample Courier: send a parcel", true),
        "sample-restaurant" => (
            "示例餐厅：扫码点餐。不需要注册，不需要手机号码，请直接点餐。",
            "Sample Restaurant: scan to order. No registration, no phone number: just order.",
            false,
        ),
        "sample-video" => (
            "示例视频：全部视频都可以直接观看。愿意的话，可以让我们用昵称称呼您。",
            "Sample Video: everything can be watched at once. If you like, we greet you by your nickname.",
            true,
        ),
        _ => return None,
    };
    Some(rendered(&App { app, zh, en, asks, connected }))
}

pub(crate) fn asked(app: &str, asked: &Asked) -> String {
    rendered(&AskedPage { app, asked })
}

pub(crate) fn refused(app: &str) -> String {
    let zh = "您没有同意。没有收到任何信息，您可以手动填写，服务照常。";
    let en = "You said no. Nothing was received; you can type it in yourself, and the service goes on.";
    rendered(&Message { app, zh, en, detail: "access_denied" })
}

pub(crate) fn failed(app: &str, detail: &str) -> String {
    rendered(&Message { app, zh: "暂时无法继续。", en: "This cannot go on at the moment.", detail })
}

fn rendered(page: &impl Template) -> String {
    page.render().unwrap_or_else(|_| "the page cannot be shown".to_owned())
}
