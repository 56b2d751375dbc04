//! Pictures of the pages: two for the README, the rest to look at.
//!
//! `cargo test --release -p yinuo-server --test browser -- --ignored pictures` makes them anew.

use std::path::Path;
use std::rc::Rc;

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::chrome::Settings;
use crate::demo::Demo;
use crate::person::{DELIVERY, Person};
use crate::staff;

#[test]
#[ignore = "writes docs/consent.png and docs/centre.png, which are kept"]
fn pictures_of_the_pages() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let look = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&look).unwrap();
    for (lang, accepts) in [("zh", "zh-CN"), ("en", "en")] {
        for (width, scheme) in
            [(1280, "light"), (720, "light"), (360, "light"), (1280, "dark"), (360, "dark")]
        {
            let mut demo = Demo::start();
            let said = demo.says("staff-wei  operator  secret ");
            let secret = said.split(' ').next().unwrap();
            let demo = Rc::new(demo);
            let settings = Settings { lang: accepts, ..Settings::default() };
            let person = Person::before(&demo, "demo-05", settings).unwrap();
            let take = |page: &str| {
                let png = BASE64_STANDARD.decode(person.picture(1.0)).unwrap();
                std::fs::write(look.join(format!("{page}-{lang}-{width}-{scheme}.png")), png).unwrap();
                // The pages speak Chinese unless told otherwise, so do the pictures of the README.
                if (lang, width) == ("zh", 720) && ["consent", "centre"].contains(&page) {
                    let png = BASE64_STANDARD.decode(person.picture(0.75)).unwrap();
                    assert!(png.len() < 150 * 1024, "{page} is too large to keep");
                    std::fs::write(docs.join(format!("{page}.png")), png).unwrap();
                }
            };
            person.width(width);
            person.scheme(scheme);
            person.visit("/");
            take("home");
            person.open(&format!("{}/sample-courier", person.demo.partner));
            take("partner");
            person.follow("#start");
            take("sign-in");
            person.sign_in();
            take("consent");
            person.tick(&DELIVERY);
            person.agree();
            person.app_asks("sample-courier");
            take("asked");
            for (page, path) in [
                ("centre", "/centre"),
                ("app", "/centre/apps/sample-courier"),
                ("items", "/centre/items"),
                ("item", "/centre/items/name"),
                ("history", "/centre/history"),
                ("notice", "/notices/sample-courier/1"),
                ("style", "/style"),
                ("delete", "/centre/delete"),
                ("problems", "/problems"),
                ("problem", "/problems/withheld"),
                ("fault", "/nowhere"),
            ] {
                person.visit(path);
                take(page);
            }
            staff::arrive(&person, &demo.issuer);
            take("second-factor");
            person.type_into("#code", &staff::code(secret, 0));
            person.follow("form[action='/console/second-factor'] button");
            for (page, path) in [
                ("console", "/console"),
                ("console-partners", "/console/partners"),
                ("console-hide", "/console/partners/confirm?act=hide&of=sample-courier"),
                ("console-log", "/console/log"),
                ("console-me", "/console/me"),
            ] {
                person.visit(path);
                take(page);
            }
        }
    }
}
