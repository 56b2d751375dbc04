//! Invented people. Their numbers are in a range that is not given out (154), their addresses end in `.example`.

use yinuo_domain::{InvalidId, LocalText, PersonId};
use yinuo_service::{Directory, NewPerson, Offered};

/// How many there are.
pub(crate) const COUNT: usize = 36;
/// The one for whom a guardian must agree.
pub(crate) const CHILD: usize = 36;

/// The directory of invented people, and of whoever else was imported into this demonstration. Nobody proves anything
/// to it, so it exists here alone: no other part of the program can name it, and no configuration can.
pub(super) struct People;

impl Directory for People {
    fn offered(&self) -> Vec<Offered> {
        (1..=COUNT).map(|number| Offered { id: id(number), label: label(number) }).collect()
    }

    fn person(&self, choice: &str) -> Option<PersonId> {
        // Whether there is such a person is decided by who is enrolled, for those offered as for those typed.
        PersonId::parse(choice.trim()).ok()
    }
}

fn id(number: usize) -> String {
    format!("demo-{number:02}")
}

fn label(number: usize) -> LocalText {
    let child = number == CHILD;
    LocalText {
        zh: format!("示例用户 {number:02}{}", if child { "（未满十四周岁）" } else { "" }),
        en: format!("Sample person {number:02}{}", if child { " (under fourteen)" } else { "" }),
    }
}

/// Everybody, with their values.
pub(crate) fn everybody() -> Result<Vec<NewPerson>, InvalidId> {
    (1..=COUNT).map(person).collect()
}

fn person(number: usize) -> Result<NewPerson, InvalidId> {
    let value = |item: &str, value: String| (item.to_owned(), value);
    Ok(NewPerson {
        person: PersonId::parse(&id(number))?,
        guardian_required: number == CHILD,
        values: vec![
            value("name", format!("示例用户{number:02}")),
            value("phone_number", format!("154000000{number:02}")),
            value("contact_phone", format!("154000000{number:02}")),
            value("delivery_address", format!("虚构省样例市演示区无名路 {number} 号")),
            value("email_address", format!("person-{number:02}@people.example")),
            value("nickname", format!("小样{number:02}")),
        ],
    })
}
