//! The page where a person sets up a second factor. An organisation may require it.

use axum::extract::State;
use maud::{Markup, html};

use super::passkeys::{self, Passkeys};
use super::two_step;
use crate::Dashboard;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::{Place, page};

const TITLE: &str = "Set up a second factor";

pub(crate) async fn get(admin: Admin, State(dashboard): State<Dashboard>) -> Result<Markup, Fault> {
    let passkeys = Passkeys::fetch(&admin, &dashboard).await?;
    Ok(render(&admin, &passkeys))
}

fn render(admin: &Admin, passkeys: &Passkeys) -> Markup {
    let why = if admin.must_set_up {
        "Your organisation requires a second factor. Add a passkey or turn on an authenticator app to continue."
    } else {
        "With a passkey or an authenticator app, a stolen password is not enough to sign in."
    };
    page(
        admin,
        Place::Account,
        TITLE,
        html! {
            div.stack {
                div.head { div { h1 { (TITLE) } p { (why) } } }
                (passkeys::card(admin, passkeys))
                (two_step::card(admin))
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn who_must_set_up_a_second_factor_sees_that_and_the_way_out_alone() {
        let mut admin = Admin::sample(Role::Admin);
        let passkeys = Passkeys { items: Vec::new(), is_possible: true, is_enough: true };
        assert!(render(&admin, &passkeys).into_string().contains("<nav"));
        admin.must_set_up = true;
        let shown = render(&admin, &passkeys).into_string();
        assert!(!shown.contains("<nav") && shown.contains(r#"action="/logout""#), "{shown}");
        assert!(shown.contains("/account/passkeys/new") && shown.contains("/account/two-step/start"), "{shown}");
    }
}
