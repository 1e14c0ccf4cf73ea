//! The result of `ai-tutor vapi check`, on request, and a test call to the person who requests it.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use storage::clock;
use storage::component_status::SetUp;
use storage::component_status::{self, ComponentStatuses, Server};
use storage::db::{Db, Reads};
use storage::phone::Phone;
use vapi::{Api, Finding, KeyState, Known, MAX_PER_HOUR, Mark, Plan, Refusal};
use web::config::{AdminConfig, TutorConfig};

use super::shown;
use crate::Connections;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::csrf;
use crate::parts::icon::icon_small;
use crate::parts::notice::{Tone, notice};

const PATH: &str = "/settings/connections";
/// Short, because a person waits.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The client of VAPI and the plan of its set-up. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Vapi {
    /// `None`: no key is set.
    api: Option<Api>,
    tutor: TutorConfig,
    public_url: String,
}

/// The optional parts of the page that were requested.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    check: String,
    #[serde(default)]
    test_call: String,
}

/// The content of the card about VAPI's set-up.
#[derive(Debug, Default)]
pub(crate) struct Look {
    has_key: bool,
    /// `None`: the check was not run.
    checked: Option<Result<Vec<Finding>, vapi::Fault>>,
    is_placed: bool,
    refused: Option<Refused>,
}

/// Why no test call was placed, and the number that was typed.
#[derive(Debug)]
struct Refused {
    what: String,
    do_this: String,
    typed: String,
}

impl Vapi {
    pub(crate) fn new(config: &AdminConfig) -> anyhow::Result<Self> {
        let api = config.vapi.clone().map(|vapi| Api::new(vapi, TIMEOUT)).transpose()?;
        Ok(Self { api, tutor: config.tutor.clone(), public_url: config.public_url.clone() })
    }

    /// Calls VAPI only if `asked` says so.
    pub(super) async fn look(
        &self,
        db: &Db,
        statuses: &ComponentStatuses,
        asked: &Asked,
        now: DateTime<Utc>,
    ) -> Result<Look, Fault> {
        let mut look = Look { has_key: self.api.is_some(), is_placed: asked.test_call == "placed", ..Look::default() };
        if let Some(api) = self.api.as_ref().filter(|_| asked.check == "vapi") {
            look.checked = Some(self.check(db, api, statuses, now).await?);
        }
        Ok(look)
    }

    async fn plan(&self, db: &Db, statuses: &ComponentStatuses, now: DateTime<Utc>) -> Result<Plan, Fault> {
        let server = statuses.find::<Server>().map(|(_, server)| server.public_url);
        Ok(Plan {
            public_url: server.unwrap_or_else(|| self.public_url.clone()),
            tutor: self.tutor.clone(),
            records: vapi::records(db, now).await?,
        })
    }

    async fn check(
        &self,
        db: &Db,
        api: &Api,
        statuses: &ComponentStatuses,
        now: DateTime<Utc>,
    ) -> Result<Result<Vec<Finding>, vapi::Fault>, Fault> {
        let plan = self.plan(db, statuses, now).await?;
        let found = match vapi::find_all(api, &plan, &[]).await {
            Ok(found) => found,
            Err(fault) => return Ok(Err(fault)),
        };
        let mark = found.assistants.first().map(Mark::read).unwrap_or_default();
        let server = statuses.find::<Server>().map(|(_, server)| server);
        let of_setting = server.as_ref().and_then(|server| server.assistant_id.clone());
        let known = Known {
            webhook: None,
            secret_print: server.as_ref().and_then(|server| server.secret_print.as_deref()),
            key: KeyState::find(db, &mark).await?,
            set_up: of_setting
                .map(|assistant_id| SetUp { assistant_id, phone_number_id: None })
                .or_else(|| statuses.find::<SetUp>().map(|(_, set_up)| set_up)),
        };
        Ok(Ok(vapi::check(&plan, &found, &known)))
    }
}

/// Shows the number that was understood, and calls it after a confirmation.
pub(crate) async fn test_call(
    State(db): State<Db>,
    State(reads): State<Reads>,
    State(connections): State<Connections>,
    State(vapi): State<Vapi>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    let typed = posted.fields.text("phone");
    let statuses = component_status::list(&db).await?;
    let refused = match Phone::parse(typed) {
        Err(error) => Refused::new(
            "This is not a phone number. Write it like +1 312 555 0100.",
            sentence(&error.to_string()),
            typed,
        ),
        Ok(phone) if posted.fields.text("confirmed") != phone.as_str() => {
            return Ok(confirm(admin, &phone).into_response());
        }
        Ok(phone) => {
            posted.require_fresh(&db).await?;
            match vapi.place(&db, &statuses, admin, &phone).await? {
                Ok(()) => return Ok(Redirect::to(&format!("{PATH}?test_call=placed#test-call")).into_response()),
                Err(refusal) => Refused::new(&refusal.to_string(), refusal.advice(), typed),
            }
        }
    };
    let look = Look { has_key: vapi.api.is_some(), refused: Some(refused), ..Look::default() };
    let page = shown(admin, &reads, connections, statuses, look).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

impl Refused {
    fn new(what: &str, do_this: impl Into<String>, typed: &str) -> Self {
        Self { what: what.to_owned(), do_this: do_this.into(), typed: typed.to_owned() }
    }
}

impl Vapi {
    async fn place(
        &self,
        db: &Db,
        statuses: &ComponentStatuses,
        admin: &Admin,
        phone: &Phone,
    ) -> Result<Result<(), Refusal>, Fault> {
        let Some(api) = &self.api else {
            return Err(Fault::Invalid("VAPI_API_KEY is not set, so no call can be placed.".to_owned()));
        };
        let now = clock::now();
        let plan = self.plan(db, statuses, now).await?;
        let placed = match vapi::find_all(api, &plan, &[]).await {
            Ok(found) => vapi::place_test_call(db, api, (&plan, &found), &admin.caller, phone, now).await,
            Err(fault) => Err(fault.into()),
        };
        match placed {
            Ok(_) => Ok(Ok(())),
            Err(Refusal::Db(error)) => Err(error.into()),
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

fn confirm(admin: &Admin, phone: &Phone) -> Markup {
    page(
        admin,
        Place::Connections,
        "Place a test call",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Call " (phone.as_str()) " now?" }
                    p { "The tutor calls this number at once. The call costs as much as a lesson, and is not recorded." }
                } }
                form.row method="post" action={ (PATH) "/test-call" } {
                    (csrf(admin))
                    input type="hidden" name="phone" value=(phone.as_str());
                    input type="hidden" name="confirmed" value=(phone.as_str());
                    button.btn.primary { "Call me" }
                    a.btn href=(PATH) { "Cancel" }
                }
            }
        },
    )
}

/// Renders both cards. Neither of them calls VAPI.
pub(super) fn cards(admin: &Admin, look: &Look) -> Markup {
    html! {
        div.cols.half.even {
            (set_up(look))
            (test_call_card(admin, look))
        }
    }
}

fn set_up(look: &Look) -> Markup {
    let faults = look.checked.as_ref().and_then(|checked| checked.as_ref().ok());
    let n_faults = faults.map(|findings| findings.iter().filter(|finding| finding.is_fault).count());
    html! {
        section.card aria-labelledby="set-up" {
            header { h2 id="set-up" { "VAPI’s set-up" } div.actions { @match (&look.checked, n_faults) {
                (Some(Err(_)), _) => (badge("warn", "triangle-alert", "Not checked")),
                (_, Some(0)) => (badge("good", "circle-check", "Complete")),
                (_, Some(_)) => (badge("bad", "circle-alert", "Wrong")),
                _ => (badge("line", "minus", "Not checked yet")),
            } } }
            div.body.stack {
                p { "Compares the assistant, the MCP tool, the credentials and the phone number at VAPI with what this service needs. "
                    code { "ai-tutor vapi setup" } " creates and repairs them." }
                @match &look.checked {
                    None => {}
                    Some(Err(fault)) => (notice(Tone::Warn, &format!("{fault}."), fault.advice())),
                    Some(Ok(findings)) => {
                        @if findings.is_empty() { p { "Everything at VAPI is set up correctly." } }
                        @for finding in findings { (note(finding)) }
                    }
                }
                @if look.has_key {
                    form method="get" action={ (PATH) "#set-up" } {
                        input type="hidden" name="check" value="vapi";
                        button.btn { @if look.checked.is_some() { "Check again" } @else { "Check now" } }
                    }
                } @else { p.sm.muted { "Set VAPI_API_KEY, and restart the dashboard, to check." } }
            }
        }
    }
}

fn note(finding: &Finding) -> Markup {
    let (class, mark) = if finding.is_fault { ("bad", "circle-alert") } else { ("info", "info") };
    html! { div class={ "note " (class) } { (icon_small(mark)) div { b { (coded(&finding.what)) } p { (coded(&finding.fix)) } } } }
}

/// Renders text between back-ticks as code.
fn coded(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split('`').enumerate() { @if i % 2 == 1 { code { (part) } } @else { (part) } }
    }
}

/// Returns a message as a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

fn test_call_card(admin: &Admin, look: &Look) -> Markup {
    let typed = look.refused.as_ref().map_or("", |refused| &refused.typed);
    html! {
        section.card aria-labelledby="test-call" {
            header { h2 id="test-call" { "Test call" } }
            div.body.stack {
                @if look.is_placed {
                    div.note.good role="status" { (icon_small("circle-check")) div {
                        b { "The tutor is calling you" }
                        p { "The call appears under " a.link href="/sessions" { "Sessions" } " once VAPI reports it." }
                    } }
                }
                @if let Some(refused) = &look.refused { (notice(Tone::Bad, &refused.what, &refused.do_this)) }
                @if look.has_key {
                    p { "The tutor calls your phone, so you can check voice, prompt and tools. At most " (MAX_PER_HOUR) " per hour, one at a time." }
                    form.stack method="post" action={ (PATH) "/test-call" } {
                        (csrf(admin))
                        div.field.short {
                            label for="phone" { "Your phone number" }
                            input.input type="tel" id="phone" name="phone" required maxlength="40" autocomplete="tel" placeholder="+14155550142" value=(typed);
                        }
                        div { button.btn { "Call me for a test" } }
                    }
                } @else { p.sm.muted { "Set VAPI_API_KEY, and restart the dashboard, to place a call." } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn cards_of(look: &Look) -> String {
        cards(&Admin::sample(Role::Admin), look).into_string()
    }

    #[test]
    fn without_a_key_nothing_can_be_asked() {
        let shown = cards_of(&Look::default());
        assert!(shown.contains("VAPI_API_KEY") && !shown.contains("<form"), "{shown}");
    }

    #[test]
    fn each_result_of_a_check_says_what_to_do() {
        let look = |checked| cards_of(&Look { has_key: true, checked, ..Look::default() });
        assert!(look(None).contains("Not checked yet"));
        assert!(look(Some(Ok(Vec::new()))).contains("Complete"));
        assert!(look(Some(Err(vapi::Fault::Refused))).contains("private key"));
        let finding = |is_fault| Finding { what: "No <b>.".to_owned(), fix: "Run `it <i>`.".to_owned(), is_fault };
        let wrong = look(Some(Ok(vec![finding(true)])));
        assert!(
            wrong.contains("Wrong")
                && wrong.contains("No &lt;b&gt;.")
                && wrong.contains("Run <code>it &lt;i&gt;</code>."),
            "{wrong}"
        );
        assert_eq!(sentence("write one number"), "Write one number.");
        assert!(look(Some(Ok(vec![finding(false)]))).contains("Complete"), "good to know is no fault");
    }
}
