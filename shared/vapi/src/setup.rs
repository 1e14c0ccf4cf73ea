//! Brings VAPI to what it has to be: makes what is missing, changes what differs, and touches nothing else.
//!
//! **Invariant:** every step can be broken off. The next run finds what was made by its mark, and continues.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::api::Api;
use super::check::{KeyState, is_usable};
use super::diff::{self, Difference};
use super::fault::Fault;
use super::found::{self, Found, same_number};
use super::plan::{Linked, Mark, Plan, SCOPES, secret_print};
use storage::access::{Caller, ClientKind};
use storage::component_status::SetUp;
use storage::db::{self, Db};
use storage::id::AgentKeyId;
use storage::{agent_key, api_client, audit, component_status};
use web::config::WebhookConfig;

/// What the client at the dashboard is called.
const CLIENT_NAME: &str = "VAPI assistant";

/// What to do with a phone number: its id at VAPI, or the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    Bind(String),
    Unbind(String),
}

/// One run.
#[derive(Debug)]
pub struct Setup<'a> {
    pub db: &'a Db,
    pub api: &'a Api,
    pub plan: &'a Plan,
    pub webhook: &'a WebhookConfig,
    /// Ids of objects that others made and that may be changed.
    pub adopt: &'a [String],
    pub number: Option<&'a Number>,
    /// Whether the assistant gets a new agent key.
    pub rotates_key: bool,
    /// Whether nothing is written, here or at VAPI.
    pub is_dry_run: bool,
}

/// What was made or changed, or would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub object: &'static str,
    /// `None`: it is new, and this is a dry run.
    pub id: Option<String>,
    pub is_new: bool,
    pub differences: Vec<Difference>,
}

/// Why the set-up stopped.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("{doing}: {fault}")]
    Vapi { doing: &'static str, fault: Fault },
    #[error("VAPI has several of this service's {object}s: {}", ids.join(", "))]
    Several { object: &'static str, ids: Vec<String> },
    #[error("VAPI has no object {0} that could be adopted")]
    NothingToAdopt(String),
    #[error("VAPI has no phone number {wanted}; it has {}", if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") })]
    NoSuchNumber { wanted: String, numbers: Vec<String> },
    #[error("phone number {id} belongs to {of}")]
    NumberTaken { id: String, of: String },
    #[error("phone number {0} does not ring this service")]
    NotBound(String),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Trouble {
    /// What to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::Vapi { fault, .. } => fault.advice().to_owned(),
            Self::Several { .. } => "Delete all but one of them in VAPI's dashboard, and try again.".to_owned(),
            Self::NothingToAdopt(_) => {
                "An assistant, MCP tool, phone number, or HMAC or bearer credential can be adopted, by its id."
                    .to_owned()
            }
            Self::NoSuchNumber { .. } => "Buy or import the number in VAPI's dashboard first.".to_owned(),
            Self::NumberTaken { id, .. } => format!("If it may be taken over, add `--adopt {id}`."),
            Self::NotBound(_) => "Only a number that was bound with --phone-number can be unbound.".to_owned(),
            Self::Db(_) => "Check DATABASE_URL.".to_owned(),
        }
    }

    /// VAPI's own words. They may repeat what was sent.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Vapi { fault: Fault::Invalid { words }, .. } if !words.is_empty() => Some(words),
            _ => None,
        }
    }
}

fn vapi(doing: &'static str) -> impl Fn(Fault) -> Trouble {
    move |fault| Trouble::Vapi { doing, fault }
}

impl Setup<'_> {
    /// Returns what was changed; nothing if all was as it has to be.
    pub async fn run(&self, now: DateTime<Utc>) -> Result<Vec<Change>, Trouble> {
        let found = found::find_all(self.api, self.plan, self.adopt).await.map_err(vapi("reading VAPI's objects"))?;
        if let Some(id) = self.adopt.iter().find(|id| !found.has_id(id)) {
            return Err(Trouble::NothingToAdopt(id.clone()));
        }
        // Before anything is written.
        let number = self.number(&found)?;
        let webhook_credential = one("webhook credential", &found.webhook_credentials)?;
        let tools_credential = one("tools credential", &found.tools_credentials)?;
        let tool = one("MCP tool", &found.tools)?;
        let assistant = one("assistant", &found.assistants)?;

        let mut changes = Vec::new();
        let mut mark = assistant.map(Mark::read).unwrap_or_default();
        let is_other_secret = mark.secret_print != secret_print(self.webhook);
        mark.secret_print = secret_print(self.webhook);
        let wanted = self.plan.webhook_credential(self.webhook);
        let webhook_credential =
            self.credential("webhook credential", webhook_credential, &wanted, is_other_secret, &mut changes).await?;

        let state = KeyState::find(self.db, &mark).await?;
        let old_key = mark.clone();
        let needs_key =
            self.rotates_key || matches!(state, KeyState::Gone | KeyState::Weak) || tools_credential.is_none();
        let key = if needs_key { Some(self.issue_key(&mut mark, now).await?) } else { None };
        let wanted = self.plan.tools_credential(key.as_ref());
        let tools_credential =
            self.credential("tools credential", tools_credential, &wanted, needs_key, &mut changes).await?;

        let linked = Linked { webhook_credential: &webhook_credential, tools_credential: &tools_credential, tool: "" };
        let tool = self.ensure("tool", "MCP tool", tool, &self.plan.tool(linked), &mut changes).await?;
        let linked = Linked { tool: &tool, ..linked };
        let wanted = self.plan.assistant(linked, &mark);
        let assistant = self.ensure("assistant", "assistant", assistant, &wanted, &mut changes).await?;
        self.bind(number, linked, &mut changes).await?;

        if !self.is_dry_run {
            let set_up = SetUp { assistant_id: assistant, phone_number_id: self.number_for_calls(&found, number) };
            self.finish(&changes, set_up, needs_key.then_some(&old_key), now).await?;
        }
        Ok(changes)
    }

    /// The number that is meant, if it may be changed.
    fn number<'a>(&self, found: &'a Found) -> Result<Option<(&'a Value, bool)>, Trouble> {
        let (wanted, binds) = match self.number {
            None => return Ok(None),
            Some(Number::Bind(wanted)) => (wanted, true),
            Some(Number::Unbind(wanted)) => (wanted, false),
        };
        let number = found.numbers.iter().find(|number| same_number(number, wanted));
        let number = number.ok_or_else(|| Trouble::NoSuchNumber {
            wanted: wanted.clone(),
            numbers: found.numbers.iter().map(|number| name_of_number(number).to_owned()).collect(),
        })?;
        let id = found::id(number);
        let is_own = self.plan.is_own_number(number);
        if !binds && !is_own {
            return Err(Trouble::NotBound(name_of_number(number).to_owned()));
        }
        if binds
            && let Some(of) = owner(number).filter(|_| !is_own)
            && !self.adopt.iter().any(|adopted| adopted == id)
        {
            return Err(Trouble::NumberTaken { id: id.to_owned(), of });
        }
        Ok(Some((number, binds)))
    }

    /// The number that places calls: the one that is bound in this run, else one that was bound before.
    fn number_for_calls(&self, found: &Found, number: Option<(&Value, bool)>) -> Option<String> {
        let (named, binds) = number.map_or(("", false), |(number, binds)| (found::id(number), binds));
        if binds {
            return Some(named.to_owned());
        }
        found.own_numbers(self.plan).map(found::id).find(|id| *id != named).map(str::to_owned)
    }

    async fn bind(
        &self,
        number: Option<(&Value, bool)>,
        linked: Linked<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), Trouble> {
        match number {
            None => {}
            Some((number, true)) => {
                let wanted = self.plan.number(&number["provider"], linked);
                self.ensure("phone-number", "phone number", Some(number), &wanted, changes).await?;
            }
            Some((number, false)) => {
                let difference =
                    Difference { path: "server".to_owned(), is: number["server"]["url"].clone(), wanted: Value::Null };
                // VAPI's description has no way to take a server away; without a URL no request is sent.
                let body = json!({ "provider": number["provider"], "server": {} });
                self.change("phone-number", "phone number", number, &body, vec![difference], changes).await?;
            }
        }
        Ok(())
    }

    /// A credential. `is_other`: VAPI has another secret than it has to have.
    async fn credential(
        &self,
        object: &'static str,
        is: Option<&Value>,
        wanted: &Value,
        is_other: bool,
        changes: &mut Vec<Change>,
    ) -> Result<String, Trouble> {
        let Some(is) = is else { return self.ensure("credential", object, None, wanted, changes).await };
        let mut differences = diff::differences(wanted, is);
        // VAPI may hide all that belongs to a secret.
        differences
            .retain(|difference| !(difference.path.starts_with("authenticationPlan") && difference.is.is_null()));
        if is_other {
            let stars = |text: &str| Value::from(text);
            let path = "authenticationPlan".to_owned();
            differences.push(Difference { path, is: stars("another secret"), wanted: stars("the present secret") });
        }
        if differences.is_empty() {
            return Ok(found::id(is).to_owned());
        }
        let body = diff::change(wanted, is, &differences);
        self.change("credential", object, is, &body, differences, changes).await
    }

    /// Makes the object, or changes it where it differs. Returns its id.
    async fn ensure(
        &self,
        kind: &'static str,
        object: &'static str,
        is: Option<&Value>,
        wanted: &Value,
        changes: &mut Vec<Change>,
    ) -> Result<String, Trouble> {
        let Some(is) = is else {
            let made = if self.is_dry_run {
                None
            } else {
                let made = self.api.create(kind, wanted).await.map_err(vapi(object))?;
                Some(found::id(&made).to_owned())
            };
            let differences = diff::differences(wanted, &Value::Null);
            changes.push(Change { object, id: made.clone(), is_new: true, differences });
            return Ok(made.unwrap_or_else(|| format!("(the new {object})")));
        };
        let differences = diff::differences(wanted, is);
        if differences.is_empty() {
            return Ok(found::id(is).to_owned());
        }
        let body = diff::change(wanted, is, &differences);
        self.change(kind, object, is, &body, differences, changes).await
    }

    async fn change(
        &self,
        kind: &'static str,
        object: &'static str,
        is: &Value,
        body: &Value,
        differences: Vec<Difference>,
        changes: &mut Vec<Change>,
    ) -> Result<String, Trouble> {
        let id = found::id(is).to_owned();
        if !self.is_dry_run {
            self.api.change(kind, &id, body).await.map_err(vapi(object))?;
        }
        changes.push(Change { object, id: Some(id.clone()), is_new: false, differences });
        Ok(id)
    }

    /// A new agent key of the assistant's client, which is made if there is none. It is stored before VAPI gets it.
    async fn issue_key(&self, mark: &mut Mark, now: DateTime<Utc>) -> Result<SecretString, Trouble> {
        if self.is_dry_run {
            "(a new agent key)".clone_into(&mut mark.agent_key_id);
            return Ok(SecretString::from(""));
        }
        let mut tx = db::begin(self.db).await?;
        let living = api_client::find_client(&mut *tx, &mark.client_id).await?;
        if !living.is_some_and(|client| is_usable(&client)) {
            let made = api_client::insert_client(&mut *tx, CLIENT_NAME, ClientKind::Telephone, super::scopes(), now);
            mark.client_id = made.await?.0.client_id;
        }
        let key = agent_key::insert_key(&mut *tx, &mark.client_id, now).await?;
        let keys = agent_key::list_keys(&mut *tx, &mark.client_id).await?;
        mark.agent_key_id = keys.first().map(|key| key.agent_key_id.to_string()).unwrap_or_default();
        let detail = json!({ "scope": SCOPES, "kind": ClientKind::Telephone.as_str(), "agent_key": mark.agent_key_id });
        let caller = Caller::operator();
        audit::insert_entry(&mut *tx, &caller, "api_client.add_key", Some(&mark.client_id), &detail, now).await?;
        db::commit(tx).await?;
        Ok(key)
    }

    /// Records the run, tells the servers and workers of the assistant and the number, and ends the key that was replaced.
    async fn finish(
        &self,
        changes: &[Change],
        set_up: SetUp,
        old_key: Option<&Mark>,
        now: DateTime<Utc>,
    ) -> Result<(), Trouble> {
        let mut tx = db::begin(self.db).await?;
        let caller = Caller::operator();
        component_status::record(&mut *tx, &set_up, now).await?;
        if !changes.is_empty() {
            let objects: Vec<_> =
                changes.iter().map(|change| json!({ "object": change.object, "id": change.id })).collect();
            let object = format!("vapi_assistant:{}", set_up.assistant_id);
            audit::insert_entry(&mut *tx, &caller, "vapi.setup", Some(&object), &json!({ "changes": objects }), now)
                .await?;
        }
        if let Some(Mark { client_id, agent_key_id, .. }) = old_key
            && let Ok(key) = agent_key_id.parse::<AgentKeyId>()
        {
            match agent_key::revoke_key(&mut *tx, client_id, key, now).await {
                Ok(()) => {
                    let detail = json!({ "agent_key": agent_key_id });
                    audit::insert_entry(&mut *tx, &caller, "api_client.revoke_key", Some(client_id), &detail, now)
                        .await?;
                }
                // It was revoked before.
                Err(db::Error::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        db::commit(tx).await?;
        Ok(())
    }
}

fn one<'a>(object: &'static str, found: &'a [Value]) -> Result<Option<&'a Value>, Trouble> {
    match found {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let ids = several.iter().map(|one| found::id(one).to_owned()).collect();
            Err(Trouble::Several { object, ids })
        }
    }
}

fn name_of_number(number: &Value) -> &str {
    number["number"].as_str().unwrap_or_else(|| found::id(number))
}

/// Returns what answers calls to the number, or `None`.
fn owner(number: &Value) -> Option<String> {
    let id = |field: &str| number[field].as_str().filter(|id| !id.is_empty());
    let of = |what: &str, id: &str| format!("{what} {id}");
    id("assistantId")
        .map(|id| of("assistant", id))
        .or_else(|| id("squadId").map(|id| of("squad", id)))
        .or_else(|| id("workflowId").map(|id| of("workflow", id)))
        .or_else(|| number["server"]["url"].as_str().map(|url| of("server", url)))
}
