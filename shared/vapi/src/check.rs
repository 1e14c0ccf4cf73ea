//! Compares what is at VAPI with what has to be there, and says in words what is wrong and how to fix it.

use serde_json::Value;

use super::diff::{self, Difference};
use super::found::{self, Found};
use super::plan::{Linked, Mark, Plan, secret_print};
use super::scopes;
use storage::access::ClientKind;
use storage::api_client::{self, ApiClient};
use storage::component_status::SetUp;
use storage::db::{Db, Result};
use storage::{agent_key, consent};
use web::config::WebhookConfig;

const SETUP: &str = "Run `ai-tutor vapi setup`.";

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A sentence.
    pub what: String,
    /// A sentence.
    pub fix: String,
    /// Whether calls suffer. Otherwise it is only good to know.
    pub is_fault: bool,
}

impl Finding {
    fn fault(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into(), is_fault: true }
    }
}

/// What became of the agent key that VAPI has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    Valid,
    /// None was made, or it is revoked.
    Gone,
    /// Its client is stopped: a person did that.
    Stopped,
    /// Its client may not do what the tools need.
    Weak,
}

impl KeyState {
    /// The state of the key that the mark names.
    pub async fn find(db: &Db, mark: &Mark) -> Result<Self> {
        let Some(client) = api_client::find_client(db, &mark.client_id).await? else { return Ok(Self::Gone) };
        let keys = agent_key::list_keys(db, &mark.client_id).await?;
        let mut living = keys.iter().filter(|key| key.revoked_at.is_none());
        let has_key = living.any(|key| key.agent_key_id.to_string() == mark.agent_key_id);
        Ok(match client {
            client if client.revoked_at.is_some() || !has_key => Self::Gone,
            client if !is_usable(&client) => Self::Weak,
            client if client.is_stopped => Self::Stopped,
            _ => Self::Valid,
        })
    }
}

/// Whether the assistant's key can be one of this client.
pub(super) fn is_usable(client: &ApiClient) -> bool {
    client.revoked_at.is_none() && client.kind == ClientKind::Telephone && scopes().is_subset_of(client.scopes)
}

/// What else is known here.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// Who has the webhook's secret compares the credential with it.
    pub webhook: Option<&'a WebhookConfig>,
    /// Its fingerprint, as a server reported it.
    pub secret_print: Option<&'a str>,
    pub key: KeyState,
    /// The assistant that servers return: from `VAPI_ASSISTANT_ID`, else from the last set-up.
    pub set_up: Option<SetUp>,
}

/// Returns what is wrong, first things first; nothing if all is well.
pub fn check(plan: &Plan, found: &Found, known: &Known<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(assistant) = found.assistants.first() else {
        return vec![Finding::fault("VAPI has no assistant of this service.", SETUP)];
    };
    for (object, found) in [
        ("assistants", &found.assistants),
        ("MCP tools", &found.tools),
        ("webhook credentials", &found.webhook_credentials),
        ("tools credentials", &found.tools_credentials),
    ] {
        if found.len() > 1 {
            let ids: Vec<&str> = found.iter().map(found::id).collect();
            let what = format!("VAPI has several {object} of this service: {}.", ids.join(", "));
            findings.push(Finding::fault(what, "Delete all but one of them in VAPI’s dashboard."));
        }
    }
    let [webhook_credential, tools_credential, tool] =
        [&found.webhook_credentials, &found.tools_credentials, &found.tools].map(|found| found.first());
    for (object, is) in [
        ("The credential that signs webhooks", webhook_credential),
        ("The credential with the key for the tools", tools_credential),
        ("The MCP tool", tool),
    ] {
        if is.is_none() {
            findings.push(Finding::fault(format!("{object} is missing at VAPI."), SETUP));
        }
    }
    let id = |object: Option<&Value>| object.map_or_else(String::new, |object| found::id(object).to_owned());
    let (webhook_id, tools_id, tool_id) = (id(webhook_credential), id(tools_credential), id(tool));
    let linked = Linked { webhook_credential: &webhook_id, tools_credential: &tools_id, tool: &tool_id };

    let mark = Mark::read(assistant);
    let print = known.webhook.map(secret_print).or(known.secret_print.map(str::to_owned));
    if print.is_some_and(|print| print != mark.secret_print) {
        let what = "VAPI signs webhooks with another secret, or in another way, than the servers expect.";
        findings.push(Finding::fault(what, SETUP));
    }
    if let (Some(webhook), Some(is)) = (known.webhook, webhook_credential) {
        let found = diff::differences(&plan.webhook_credential(webhook), is);
        let shown = found.iter().filter(|difference| !difference.is.is_null());
        findings.extend(shown.map(|difference| of_difference("webhook credential", difference)));
    }
    findings.extend(of_key(known.key));
    if let Some(is) = tool {
        findings.extend(diff::differences(&plan.tool(linked), is).iter().map(|found| of_difference("MCP tool", found)));
    }
    let differences = diff::differences(&plan.assistant(linked, &mark), assistant);
    findings.extend(differences.iter().map(|difference| of_difference("assistant", difference)));
    match &known.set_up {
        Some(set_up) if set_up.assistant_id == found::id(assistant) => {}
        _ => findings.push(Finding::fault(
            "The servers would answer calls with another assistant.",
            format!("{SETUP} If VAPI_ASSISTANT_ID is set, unset it and restart the servers."),
        )),
    }
    findings.extend(of_numbers(plan, found, linked));
    findings
}

fn of_key(key: KeyState) -> Option<Finding> {
    Some(match key {
        KeyState::Valid => return None,
        KeyState::Gone => {
            Finding::fault("The agent key that VAPI has for the tools is revoked, or unknown here.", SETUP)
        }
        KeyState::Weak => Finding::fault("The client of VAPI’s agent key may not use all tools of a lesson.", SETUP),
        KeyState::Stopped => Finding::fault(
            "The client of VAPI’s agent key is stopped: the tools refuse the assistant.",
            "If that is over, start it: dashboard, Settings, API clients.",
        ),
    })
}

fn of_numbers(plan: &Plan, found: &Found, linked: Linked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for number in found.own_numbers(plan) {
        let wanted = plan.number(&number["provider"], linked);
        let shown = number["number"].as_str().unwrap_or_else(|| found::id(number));
        for difference in diff::differences(&wanted, number) {
            let what = of_difference(&format!("phone number {shown}"), &difference).what;
            findings.push(Finding::fault(what, format!("Run `ai-tutor vapi setup --phone-number {shown}`.")));
        }
        if number["status"].as_str().is_some_and(|status| status != "active") {
            let what = format!("Phone number {shown} is not active at VAPI.");
            findings.push(Finding::fault(what, "Look at the number in VAPI’s dashboard."));
        }
    }
    if found.own_numbers(plan).next().is_none() {
        findings.push(Finding {
            what: "No phone number rings the tutor.".to_owned(),
            fix: "Run `ai-tutor vapi setup --phone-number NUMBER` with a number of your VAPI organisation.".to_owned(),
            is_fault: false,
        });
    }
    findings
}

/// What a field is for: why a difference matters.
const MEANINGS: [(&str, &str); 13] = [
    ("server.url", "messages go elsewhere"),
    ("server.credentialId", "requests are not signed as the servers expect"),
    ("server.backoffPlan", "VAPI gives a report up too early if a server does not answer"),
    ("server.headers", "the tools do not learn who calls"),
    ("serverMessages", "the servers do not get the messages that they need"),
    ("artifactPlan", "what is recorded does not follow the consents"),
    ("model.messages", "the tutoring prompt is not that of this release"),
    ("model.toolIds", "the assistant cannot use the tools"),
    ("model.tools", "the assistant cannot end a call"),
    ("monitorPlan", "who knows a call's address can listen to it"),
    ("assistantId", "the number rings an assistant without asking the servers"),
    ("squadId", "the number rings a squad without asking the servers"),
    ("workflowId", "the number rings a workflow without asking the servers"),
];

fn of_difference(object: &str, difference: &Difference) -> Finding {
    let Difference { path, is, wanted } = difference;
    let meaning = MEANINGS.iter().find(|(prefix, _)| path.starts_with(prefix));
    let why = meaning.map_or_else(String::new, |(_, why)| format!(" ({why})"));
    let what = if path == "model.messages" {
        format!("The {object} has another `{path}`{why}.")
    } else {
        format!("The {object} has {} as `{path}`; it must be {}{why}.", diff::short(is), diff::short(wanted))
    };
    Finding::fault(what, SETUP)
}

/// Returns whether calls of unknown callers may be recorded: the organisation consents on behalf of guardians.
pub async fn records(db: &Db, now: chrono::DateTime<chrono::Utc>) -> Result<bool> {
    let standings = consent::list_standings(db, None, now).await?;
    Ok(consent::allows(&standings, consent::Purpose::Recording))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use web::config::TutorConfig;

    const MARK: &str = "0a0b0c0d";

    /// All as it has to be.
    fn whole() -> (Plan, Found) {
        let plan =
            Plan { public_url: "https://tutor.example.org".to_owned(), tutor: TutorConfig::default(), records: false };
        let linked = Linked { webhook_credential: "w", tools_credential: "t", tool: "m" };
        let mark = Mark { secret_print: MARK.to_owned(), ..Mark::default() };
        let with_id = |mut object: Value, id: &str| {
            object["id"] = json!(id);
            object
        };
        let mut number = with_id(plan.number(&json!("twilio"), linked), "n");
        number["number"] = json!("+14155550100");
        let found = Found {
            webhook_credentials: vec![json!({ "id": "w" })],
            tools_credentials: vec![json!({ "id": "t" })],
            tools: vec![with_id(plan.tool(linked), "m")],
            assistants: vec![with_id(plan.assistant(linked, &mark), "a")],
            numbers: vec![number],
        };
        (plan, found)
    }

    fn known() -> Known<'static> {
        Known {
            webhook: None,
            secret_print: Some(MARK),
            key: KeyState::Valid,
            set_up: Some(SetUp { assistant_id: "a".to_owned(), phone_number_id: None }),
        }
    }

    fn words(plan: &Plan, found: &Found, known: &Known<'_>) -> Vec<String> {
        check(plan, found, known).into_iter().map(|finding| format!("{} {}", finding.what, finding.fix)).collect()
    }

    #[test]
    fn what_is_as_it_must_be_gives_no_finding() {
        let (plan, found) = whole();
        assert_eq!(words(&plan, &found, &known()), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_said_with_its_fix() {
        let (plan, found) = whole();
        let only = |found: &Found, known: &Known<'_>, told: &str| {
            let words = words(&plan, found, known);
            assert!(words.len() == 1 && words[0].contains(told), "{told}: {words:?}");
        };
        let changed = |pointer: &str, value: Value| {
            let mut found = found.clone();
            *found.assistants[0].pointer_mut(pointer).unwrap() = value;
            found
        };
        only(&changed("/artifactPlan/recordingEnabled", json!(true)), &known(), "it must be false (what is recorded");
        only(&changed("/server/backoffPlan/maxRetries", json!(0)), &known(), "VAPI gives a report up too early");
        only(&changed("/model/messages/0/content", json!("x")), &known(), "The assistant has another `model.messages`");
        only(&changed("/model/toolIds", json!([])), &known(), "cannot use the tools");
        only(&found, &Known { secret_print: Some("ffffffff"), ..known() }, "signs webhooks with another secret");
        only(&found, &Known { key: KeyState::Gone, ..known() }, "revoked");
        only(&found, &Known { key: KeyState::Stopped, ..known() }, "start it");
        only(&found, &Known { set_up: None, ..known() }, "unset it");
        let mut other = found.clone();
        other.numbers[0]["assistantId"] = json!("x");
        only(&other, &known(), "--phone-number +14155550100");
        other.numbers.clear();
        only(&other, &known(), "No phone number rings the tutor");
        assert!(!check(&plan, &other, &known())[0].is_fault);
        only(&Found::default(), &known(), "VAPI has no assistant of this service. Run `ai-tutor vapi setup`.");
        let mut two = found.clone();
        two.tools.push(json!({ "id": "m2" }));
        only(&two, &known(), "several MCP tools of this service: m, m2");
    }
}
