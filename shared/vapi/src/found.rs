//! What is at VAPI. Ours is what carries our mark; everything else is other people's, unless it was named.

use serde_json::Value;

use super::api::Api;
use super::fault::Fault;
use super::plan::Plan;
use storage::phone::Phone;

/// The objects of ours; of each kind there should be one. All phone numbers of the organisation.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub webhook_credentials: Vec<Value>,
    pub tools_credentials: Vec<Value>,
    pub tools: Vec<Value>,
    pub assistants: Vec<Value>,
    pub numbers: Vec<Value>,
}

/// Asks VAPI. `adopted` are ids that count as ours, too.
pub async fn find_all(api: &Api, plan: &Plan, adopted: &[String]) -> Result<Found, Fault> {
    let is_adopted = |object: &Value| adopted.iter().any(|id| object["id"] == id.as_str());
    let credentials = api.list("credential").await?;
    let of_name = |name: &str, kind: &str| -> Vec<Value> {
        let is_ours = |credential: &&Value| {
            let is_kind = credential["authenticationPlan"]["type"] == kind;
            credential["provider"] == "custom-credential"
                && (credential["name"] == name || (is_kind && is_adopted(credential)))
        };
        credentials.iter().filter(is_ours).cloned().collect()
    };
    let mut tools = api.list("tool").await?;
    tools.retain(|tool| tool["type"] == "mcp" && (plan.is_own_tool(tool) || is_adopted(tool)));
    let mut assistants = api.list("assistant").await?;
    assistants.retain(|assistant| plan.is_own_assistant(assistant) || is_adopted(assistant));
    Ok(Found {
        webhook_credentials: of_name(&plan.webhook_credential_name(), "hmac"),
        tools_credentials: of_name(&plan.tools_credential_name(), "bearer"),
        tools,
        assistants,
        numbers: api.list("phone-number").await?,
    })
}

impl Found {
    /// The numbers of which VAPI asks us who answers.
    pub fn own_numbers<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = &'a Value> {
        self.numbers.iter().filter(|number| plan.is_own_number(number))
    }

    pub(super) fn has_id(&self, id: &str) -> bool {
        let Self { webhook_credentials, tools_credentials, tools, assistants, numbers } = self;
        let mut all = [webhook_credentials, tools_credentials, tools, assistants, numbers].into_iter().flatten();
        all.any(|object| object["id"] == id)
    }
}

pub(super) fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_default()
}

/// Whether a person means this number: by its id or as they write it.
pub fn same_number(number: &Value, wanted: &str) -> bool {
    let digits = number["number"].as_str().and_then(|text| Phone::parse(text).ok());
    id(number) == wanted || (digits.is_some() && digits == Phone::parse(wanted).ok())
}
