//! What the official conformance suite asks a server to have: its test tools, resources and prompts, beside ours and by
//! way of the same wrapper; and tools that panic and hang. Only in builds with the feature `conformance`.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, CompleteRequestParams, CompleteResult, DiscoverResult,
    GetPromptRequestParams, GetPromptResponse, GetPromptResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, ProgressNotificationParam, Prompt, ReadResourceRequestParams,
    ReadResourceResponse, ReadResourceResult, Resource, ResourceTemplate, ServerConfig, Tool,
};
use rmcp::{ErrorData, ServerHandler};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::server::{Context, McpServer, Page, caller_of, line_of, result};
use crate::call::Call;
use crate::tools::ToolError;

mod ask_back;

use ask_back::{AskBack, Reply};

#[derive(Deserialize)]
struct Fixture<T> {
    #[serde(flatten)]
    listed: T,
    /// The answer; `{argument}` in it is filled in.
    #[serde(default)]
    answer: Value,
    /// What the client is asked before there is an answer.
    ask_back: Option<AskBack>,
    /// What the client must be able to do.
    needs: Option<ClientCapabilities>,
}

#[derive(Deserialize)]
struct File {
    tools: Vec<Fixture<Tool>>,
    resources: Vec<Fixture<Resource>>,
    templates: Vec<Fixture<ResourceTemplate>>,
    prompts: Vec<Fixture<Prompt>>,
}

static FIXTURES: LazyLock<File> =
    LazyLock::new(|| serde_json::from_str(include_str!("fixtures/fixtures.json")).expect("the file is ours"));

/// Our server, and the fixtures.
#[derive(Clone)]
pub(super) struct Fixtures(McpServer);

impl Fixtures {
    pub(super) fn beside(server: McpServer) -> Self {
        Self(server)
    }
}

impl<T> Fixture<T> {
    /// What to ask the client first, if anything.
    fn ask_back(
        &self,
        responses: Option<&BTreeMap<String, Value>>,
        state: Option<&str>,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let able = context.client_capabilities().unwrap_or_default();
        if let Some(needs) = &self.needs
            && (needs.sampling.is_some() && able.sampling.is_none())
        {
            return Err(ErrorData::missing_required_client_capability(needs.clone()));
        }
        self.ask_back.as_ref().map_or(Ok(Reply::Done(String::new())), |ask| ask.reply(responses, state, &able))
    }

    fn answer<A: DeserializeOwned>(&self, arguments: &Map<String, Value>) -> Result<A, ErrorData> {
        let mut answer = self.answer.clone();
        answer["resultType"] = "complete".into();
        let mut json = answer.to_string();
        for (name, value) in arguments {
            json = json.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default());
        }
        serde_json::from_str(&json).map_err(|error| ErrorData::internal_error(error.to_string(), None))
    }
}

fn said(words: String) -> Map<String, Value> {
    Map::from_iter([("said".to_owned(), Value::String(words))])
}

async fn tell_progress(context: &Context) {
    for percent in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let progress = ProgressNotificationParam::new(token, percent).with_total(100.0);
            let _ = context.peer.notify_progress(progress).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl ServerHandler for Fixtures {
    fn get_info(&self) -> ServerConfig {
        self.0.get_info()
    }

    /// By which the SDK knows the headers that repeat arguments.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        FIXTURES.tools.iter().map(|tool| &tool.listed).find(|tool| tool.name == name).cloned()
    }

    async fn discover(&self, context: Context) -> Result<DiscoverResult, ErrorData> {
        self.0.discover(context).await
    }

    async fn list_tools(&self, page: Page, context: Context) -> Result<ListToolsResult, ErrorData> {
        let mut list = self.0.list_tools(page, context).await?;
        list.tools.extend(FIXTURES.tools.iter().map(|tool| tool.listed.clone()));
        Ok(list)
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: Context) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = FIXTURES.tools.iter().find(|tool| tool.listed.name == request.name) else {
            return Box::pin(self.0.call_tool(request, context)).await;
        };
        let reply = tool.ask_back(request.input_responses.as_ref(), request.request_state.as_deref(), &context)?;
        let answer: CallToolResponse = match reply {
            Reply::Ask(asked) => asked.into(),
            Reply::Done(words) => tool.answer::<rmcp::model::CallToolResult>(&said(words))?.into(),
        };
        let line = line_of(&context);
        let call = Call {
            state: &self.0.state,
            caller: caller_of(&context)?,
            line: &line,
            tool: &tool.listed.name,
            request_bytes: 0,
            left: &context.ct,
        };
        let work = async {
            match &*tool.listed.name {
                "test_tool_with_progress" => tell_progress(&context).await,
                "test_tool_that_panics" => panic!("as it was asked to"),
                "test_tool_that_hangs" => std::future::pending().await,
                _ => {}
            }
            Ok::<_, ToolError>(answer)
        };
        Ok(call.run(work, |_| (0, Vec::new())).await.unwrap_or_else(|error| result(Err(error)).into()))
    }

    async fn list_resources(&self, page: Page, context: Context) -> Result<ListResourcesResult, ErrorData> {
        let mut list = self.0.list_resources(page, context).await?;
        list.resources.extend(FIXTURES.resources.iter().map(|resource| resource.listed.clone()));
        Ok(list)
    }

    async fn list_resource_templates(
        &self,
        page: Page,
        context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let mut list = self.0.list_resource_templates(page, context).await?;
        list.resource_templates.extend(FIXTURES.templates.iter().map(|template| template.listed.clone()));
        Ok(list)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let fixed = FIXTURES.resources.iter().find(|resource| resource.listed.uri == request.uri);
        let answer: Option<ReadResourceResult> = match fixed {
            Some(resource) => Some(resource.answer(&Map::new())?),
            None => match request.uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data")) {
                Some(id) => Some(FIXTURES.templates[0].answer(&Map::from_iter([("id".to_owned(), id.into())]))?),
                None => None,
            },
        };
        match answer {
            Some(answer) => Ok(answer.into()),
            None => self.0.read_resource(request, context).await,
        }
    }

    async fn list_prompts(&self, page: Page, context: Context) -> Result<ListPromptsResult, ErrorData> {
        let mut list = self.0.list_prompts(page, context).await?;
        list.prompts.extend(FIXTURES.prompts.iter().map(|prompt| prompt.listed.clone()));
        Ok(list)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let Some(prompt) = FIXTURES.prompts.iter().find(|prompt| prompt.listed.name == request.name) else {
            return self.0.get_prompt(request, context).await;
        };
        match prompt.ask_back(request.input_responses.as_ref(), request.request_state.as_deref(), &context)? {
            Reply::Ask(asked) => Ok(asked.into()),
            Reply::Done(words) => {
                let mut arguments = request.arguments.unwrap_or_default();
                arguments.extend(said(words));
                Ok(prompt.answer::<GetPromptResult>(&arguments)?.into())
            }
        }
    }

    async fn complete(&self, request: CompleteRequestParams, context: Context) -> Result<CompleteResult, ErrorData> {
        self.0.complete(request, context).await
    }
}
