//! `ai-tutor vapi setup` and `check`, and the same at the dashboard, against a stand-in that compares every request
//! with VAPI's published description.

use std::collections::BTreeSet;
use std::process::Command;

use axum::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use storage::access::{Role, ScopeSet};
use storage::audit::{self, AuditQuery};
use storage::{admin_user, clock};
use vapi::{PROMPT, SCOPES, TOOLS};

use crate::assistant::PHONE;
use crate::fake_vapi::{API_KEY, FakeVapi};
use crate::processes::{binary, free_port};
use crate::psql::psql;
use crate::service::{ADMIN_PASSWORD, Person, Service, WEBHOOK_SECRET, new_database};
use crate::vapi::sign;

const PUBLIC_URL: &str = "https://tutor.example.org";
/// A secret that a public service accepts.
const SECRET: &str = "whs_4f9a1c7e2b8d6035";
const NEXT_SECRET: &str = "whs_93be07d15ac24f68";

/// An operator's shell.
struct Shell {
    vapi: FakeVapi,
    url: String,
    database_url: SecretString,
    settings: Vec<(&'static str, String)>,
}

impl Shell {
    async fn new() -> Self {
        let vapi = FakeVapi::default();
        let url = vapi.start().await;
        Self { vapi, url, database_url: new_database().await, settings: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.retain(|(set, _)| *set != name);
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Runs a command. Returns exit code, standard output and standard error, and checks that they contain no secret.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(binary("ai-tutor"));
        command.args(arguments).env_clear();
        for (name, value) in [
            ("DATABASE_URL", self.database_url.expose_secret()),
            ("VAPI_API_KEY", API_KEY),
            ("VAPI_API_URL", &self.url),
            ("VAPI_WEBHOOK_SECRET", SECRET),
            ("PUBLIC_URL", PUBLIC_URL),
        ] {
            command.env(name, value);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        for secret in [API_KEY, SECRET, NEXT_SECRET, WEBHOOK_SECRET, "ak_"] {
            assert!(!out.contains(secret) && !error.contains(secret), "{secret} in {out}{error}");
        }
        (output.status.code(), out, error)
    }

    fn set_up(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.run(&[&["vapi", "setup"], arguments].concat());
        assert_eq!(code, Some(0), "{out}{error}");
        out
    }

    /// Returns the faults that `vapi check` finds, one per line.
    fn faults(&self) -> String {
        let (code, out, error) = self.run(&["vapi", "check"]);
        let faults: Vec<&str> = out.lines().filter(|line| line.starts_with("fault: ")).collect();
        assert_eq!(code, Some(i32::from(!faults.is_empty())), "{out}{error}");
        faults.join("\n")
    }

    fn n_of_each(&self) -> [usize; 3] {
        ["credential", "tool", "assistant"].map(|kind| self.vapi.objects(kind).len())
    }

    /// Returns the body of the last request of that operation.
    fn sent(&self, operation: &str) -> Value {
        let changes = self.vapi.take_changes();
        let found = changes.into_iter().rev().find(|(of, _)| of == operation);
        found.unwrap_or_else(|| panic!("no request of {operation}")).1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vapi_is_set_up_from_nothing_and_a_second_run_changes_nothing() {
    let shell = Shell::new().await;
    assert!(shell.faults().contains("VAPI has no assistant of this service. Run `ai-tutor vapi setup`."));
    let output = shell.set_up(&[]);
    for line in ["made webhook credential", "made tools credential", "made MCP tool", "made assistant", "vapi check"] {
        assert!(output.contains(line), "{line} in {output}");
    }
    assert_eq!(shell.n_of_each(), [2, 1, 1]);
    let [assistant, tool] = ["assistant", "tool"].map(|kind| shell.vapi.objects(kind).remove(0));
    assert_eq!(assistant["server"]["url"], format!("{PUBLIC_URL}/webhooks/vapi"));
    assert_eq!(assistant["serverMessages"], json!(["status-update", "end-of-call-report"]));
    assert_eq!(assistant["model"]["toolIds"], json!([tool["id"]]));
    assert_eq!(assistant["artifactPlan"]["recordingEnabled"], true, "the organisation consents by default");
    assert_eq!(tool["server"]["url"], format!("{PUBLIC_URL}/mcp"));
    let names = |kind: &str| shell.vapi.objects(kind).iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert!(names("credential").contains(&tool["server"]["credentialId"]));

    shell.vapi.take_changes();
    assert!(shell.set_up(&[]).contains("nothing to change"));
    assert_eq!(shell.vapi.take_changes(), []);
    assert_eq!(shell.faults(), "");
    let (_, out, _) = shell.run(&["vapi", "check", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["is_well"], true, "{report}");
    assert!(report["findings"][0]["what"].as_str().unwrap().contains("No phone number"), "{report}");
    let keys = "select count(*) from agent_keys where revoked_at is null";
    assert_eq!(psql(&shell.database_url, keys), "1");
    assert_eq!(psql(&shell.database_url, "select count(*) from audit_entries where action = 'vapi.setup'"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let shell = Shell::new().await;
    let output = shell.set_up(&["--dry-run"]);
    assert!(output.contains("would make assistant") && output.contains("nothing was changed"), "{output}");
    assert!(output.contains("server.backoffPlan.maxRetries: not set → 5"), "{output}");
    assert_eq!(shell.n_of_each(), [0, 0, 0]);
    let written = "select (select count(*) from api_clients) + (select count(*) from audit_entries)
        + (select count(*) from signs where name like 'vapi%')";
    assert_eq!(psql(&shell.database_url, written), "0");

    shell.set_up(&[]);
    shell.vapi.tamper("assistant", |assistant| {
        assistant["maxDurationSeconds"] = json!(60);
        let prompt = assistant["model"]["messages"][0]["content"].as_str().unwrap().replace("one hint", "the answer");
        assistant["model"]["messages"][0]["content"] = json!(prompt);
    });
    shell.vapi.take_changes();
    let output = shell.set_up(&["--dry-run"]);
    for line in [
        "would change assistant assistant-",
        "  maxDurationSeconds: 60 → 1800",
        "    - - If an answer is wrong, give the answer",
    ] {
        assert!(output.contains(line), "{line} in {output}");
    }
    let (_, out, _) = shell.run(&["vapi", "setup", "--dry-run", "--json"]);
    let plan: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(plan["changes"][0]["differences"][1], json!({ "path": "maxDurationSeconds", "is": 60, "wanted": 1800 }));
    assert_eq!(shell.vapi.take_changes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_made_stays_untouched_unless_it_is_adopted() {
    let shell = Shell::new().await;
    let theirs = json!({ "name": "AI tutor", "firstMessage": "Pizza service, hello!", "backgroundSound": "office" });
    let id = shell.vapi.add_object("assistant", theirs.clone());
    let tool = json!({ "type": "mcp", "server": { "url": format!("{PUBLIC_URL}/mcp") } });
    shell.vapi.add_object("tool", tool.clone());
    let other = shell.with("PUBLIC_URL", "https://another.example.org");
    other.set_up(&[]);
    let shell = other.with("PUBLIC_URL", PUBLIC_URL);
    shell.set_up(&[]);
    assert_eq!(shell.n_of_each(), [4, 3, 3], "two services beside what others made");
    let kept = &shell.vapi.objects("assistant")[0];
    assert_eq!((&kept["firstMessage"], kept.get("server")), (&theirs["firstMessage"], None));
    assert_eq!(shell.vapi.objects("tool")[0]["server"], tool["server"]);
    assert_eq!(shell.faults(), "");

    let (code, _, error) = shell.run(&["vapi", "setup", "--adopt", &id]);
    assert!(code == Some(1) && error.contains("several of this service's assistants"), "{error}");
    let (code, _, error) = shell.run(&["vapi", "setup", "--adopt", "assistant-77"]);
    assert!(code == Some(1) && error.contains("no object assistant-77 that could be adopted"), "{error}");

    let shell = Shell::new().await;
    let id = shell.vapi.add_object("assistant", theirs);
    let output = shell.set_up(&["--adopt", &id]);
    assert!(output.contains(&format!("changed assistant {id}")), "{output}");
    assert_eq!(shell.n_of_each(), [2, 1, 1]);
    assert_eq!(shell.faults(), "");
    assert!(shell.set_up(&[]).contains("nothing to change"), "the adopted assistant belongs to this service");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_drifted_is_found_and_set_again_and_additions_stay() {
    let shell = Shell::new().await;
    shell.set_up(&[]);
    let extra =
        shell.vapi.add_object("tool", json!({ "type": "mcp", "server": { "url": "https://weather.example/mcp" } }));
    for (pointer, value, fault) in [
        (
            "/server/backoffPlan/maxRetries",
            json!(0),
            "`server.backoffPlan.maxRetries`; it must be 5 (VAPI gives a report up",
        ),
        ("/server/url", json!("https://elsewhere.example"), "messages go elsewhere"),
        ("/serverMessages", json!(["end-of-call-report"]), "`serverMessages`"),
        ("/artifactPlan/pcapEnabled", json!(true), "what is recorded does not follow the consents"),
        ("/model/toolIds", json!([extra]), "the assistant cannot use the tools"),
        ("/voice/voiceId", json!("Kylie"), r#"has "Kylie" as `voice.voiceId`; it must be "Elliot""#),
        ("/metadata/aiTutorAgentKey", json!("none"), "revoked, or unknown"),
    ] {
        shell.vapi.tamper("assistant", |assistant| {
            assistant["server"]["headers"] = json!({ "X-Added": "by people" });
            *assistant.pointer_mut(pointer).unwrap() = value.clone();
        });
        let faults = shell.faults();
        assert!(faults.contains(fault) && faults.lines().count() == 1, "{fault} in {faults}");
        shell.set_up(&[]);
        assert_eq!(shell.faults(), "", "{pointer} is set again");
        let assistant = shell.vapi.objects("assistant").remove(0);
        assert_eq!(assistant["server"]["headers"]["X-Added"], "by people", "{pointer}");
    }
    let tool_ids = &shell.vapi.objects("assistant")[0]["model"]["toolIds"];
    assert_eq!(tool_ids.as_array().unwrap().len(), 2, "a tool that people added stays: {tool_ids}");

    let shell = shell.with("VAPI_VOICE", "11labs/sarah");
    assert!(shell.faults().contains("`voice.provider`"));
    shell.set_up(&[]);
    assert_eq!(shell.vapi.objects("assistant")[0]["voice"], json!({ "provider": "11labs", "voiceId": "sarah" }));
    // A field that people added to one provider's voice is not valid for another provider.
    shell.vapi.tamper("assistant", |assistant| assistant["voice"]["language"] = json!("de"));
    let shell = shell.with("VAPI_VOICE", "vapi/Elliot");
    shell.set_up(&[]);
    assert_eq!(shell.vapi.objects("assistant")[0]["voice"], json!({ "provider": "vapi", "voiceId": "Elliot" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_keys_are_replaced_at_vapi() {
    let shell = Shell::new().await;
    shell.set_up(&[]);
    let first = shell.sent("POST /credential");
    assert_eq!(first["authenticationPlan"]["type"], "bearer");

    let shell = shell.with("VAPI_WEBHOOK_SECRET", NEXT_SECRET).with("VAPI_WEBHOOK_SECRET_PREVIOUS", SECRET);
    assert!(shell.faults().contains("signs webhooks with another secret"));
    let output = shell.set_up(&[]);
    assert!(output.contains("the present secret"), "{output}");
    let sent = shell.sent("PATCH /credential/{id}");
    assert_eq!(sent["authenticationPlan"]["secretKey"], NEXT_SECRET);
    assert_eq!(shell.faults(), "");

    let living = "select agent_key_id from agent_keys where revoked_at is null";
    let old = psql(&shell.database_url, living);
    shell.set_up(&["--rotate-key"]);
    let sent = shell.sent("PATCH /credential/{id}");
    assert_ne!(sent["authenticationPlan"]["token"], first["authenticationPlan"]["token"]);
    let new = psql(&shell.database_url, living);
    assert!(old != new && new.lines().count() == 1, "the old key is revoked: {old} {new}");
    assert_eq!(shell.faults(), "");

    psql(&shell.database_url, "update agent_keys set revoked_at = now()");
    assert!(shell.faults().contains("The agent key that VAPI has for the tools is revoked"));
    shell.set_up(&[]);
    assert_eq!(shell.faults(), "");
    psql(&shell.database_url, "update api_clients set stopped_at = now()");
    assert!(shell.faults().contains("stopped"));
    shell.set_up(&[]);
    assert!(shell.faults().contains("stopped"), "a client that a person stopped is not started automatically");
    assert!(shell.set_up(&[]).contains("nothing to change"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_number_is_bound_left_alone_and_unbound() {
    let shell = Shell::new().await;
    let ours = shell.vapi.add_number("+14155550100");
    let theirs = shell.vapi.add_number("+14155550101");
    let pizza = shell.vapi.add_object("assistant", json!({ "name": "Pizza" }));
    let bind_theirs = |shell: &Shell, more: &[&str]| {
        shell.run(&[&["vapi", "setup", "--phone-number", "+1 415 555 0101"], more].concat())
    };
    let (code, _, error) = shell.run(&["vapi", "setup", "--phone-number", "+14155550109"]);
    assert!(code == Some(1) && error.contains("it has +14155550100, +14155550101"), "{error}");
    assert_eq!(shell.n_of_each(), [0, 0, 1], "the number is checked before anything is written");

    shell.set_up(&["--phone-number", "+1 (415) 555-0100"]);
    let number = shell.vapi.objects("phone-number").remove(0);
    assert_eq!(number["server"]["url"], format!("{PUBLIC_URL}/webhooks/vapi"));
    assert_eq!((&number["name"], number.get("assistantId")), (&json!("Our line"), None));
    assert!(shell.set_up(&["--phone-number", &ours]).contains("nothing to change"));
    assert_eq!(shell.faults(), "");
    assert!(shell.vapi.objects("phone-number")[1].get("server").is_none());

    // The number belongs to another assistant.
    let bind = |object: &mut Value| object["assistantId"] = json!(pizza);
    shell.vapi.change_object(&theirs, bind);
    let (code, _, error) = bind_theirs(&shell, &[]);
    assert!(code == Some(1) && error.contains(&format!("belongs to assistant {pizza}")), "{error}");
    assert!(error.contains(&format!("--adopt {theirs}")), "{error}");
    let (code, out, error) = bind_theirs(&shell, &["--adopt", &theirs]);
    assert_eq!(code, Some(0), "{out}{error}");
    assert!(shell.vapi.objects("phone-number")[1].get("assistantId").is_none());
    assert_eq!(shell.faults(), "");

    // If our number is bound to another assistant, VAPI no longer asks the servers.
    shell.vapi.change_object(&ours, bind);
    assert!(shell.faults().contains("the number rings an assistant without asking the servers"));
    shell.set_up(&["--phone-number", &ours]);
    assert_eq!(shell.faults(), "");

    shell.set_up(&["--unbind", &ours]);
    assert_eq!(shell.vapi.objects("phone-number")[0]["server"], json!({}));
    let (code, _, error) = shell.run(&["vapi", "setup", "--unbind", &ours]);
    assert!(code == Some(1) && error.contains("does not ring this service"), "{error}");
    let (code, _, _) = shell.run(&["vapi", "setup", "--unbind", &ours, "--phone-number", &ours]);
    assert_eq!(code, Some(2), "the two options exclude each other");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_says_what_to_do_and_the_next_run_continues() {
    let shell = Shell::new().await;
    for (n, status, expected) in [
        (1, StatusCode::UNAUTHORIZED, "VAPI refused our key"),
        (9, StatusCode::TOO_MANY_REQUESTS, "VAPI is busy. Wait a minute"),
        (9, StatusCode::INTERNAL_SERVER_ERROR, "VAPI has an internal error. Wait a minute"),
        (1, StatusCode::IM_A_TEAPOT, "VAPI says: ordered by the test."),
    ] {
        shell.vapi.fail(n, status);
        let (code, _, error) = shell.run(&["vapi", "check"]);
        assert!(code == Some(1) && error.contains(expected), "{status}: {error}");
        shell.vapi.fail(0, status);
    }
    shell.vapi.fail(2, StatusCode::TOO_MANY_REQUESTS);
    shell.set_up(&["--dry-run"]);
    let away =
        Shell { url: format!("http://127.0.0.1:{}", free_port()), vapi: FakeVapi::default(), ..Shell::new().await };
    let (code, _, error) = away.run(&["vapi", "setup"]);
    assert!(code == Some(1) && error.contains("VAPI cannot be reached"), "{error}");

    let (code, _, error) = Shell::new().await.with("VAPI_API_KEY", "").run(&["vapi", "setup"]);
    assert!(code == Some(78) && error.contains("VAPI_API_KEY: is not set"), "{error}");
    let public =
        Shell::new().await.with("PUBLIC_URL", "http://127.0.0.1:8080").with("VAPI_API_URL", "https://127.0.0.2");
    assert_eq!(public.run(&["vapi", "check"]).0, Some(1), "a stand-in on this machine may call this machine");
    let unknown = shell.with("VAPI_MODEL", "openai/gpt-tutor");
    let (code, _, error) = unknown.run(&["vapi", "setup"]);
    assert!(code == Some(1) && error.contains("VAPI says:") && error.contains("VAPI_MODEL"), "{error}");

    // The set-up stopped before the assistant. The next run finds what was made.
    assert_eq!(unknown.n_of_each(), [2, 1, 0]);
    let shell = unknown.with("VAPI_MODEL", "openai/gpt-4.1");
    shell.set_up(&[]);
    assert_eq!(shell.n_of_each(), [2, 1, 1]);
    assert_eq!(shell.faults(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prompt_and_the_key_are_for_tools_that_exist() {
    let scopes: ScopeSet = SCOPES.parse().unwrap();
    let offered =
        mcp_server::tools::TOOLS.iter().filter(|tool| tool.is_on_telephone && tool.scopes.is_subset_of(scopes));
    let offered: BTreeSet<&str> = offered.map(|tool| tool.name).collect();
    assert_eq!(TOOLS.into_iter().collect::<BTreeSet<_>>(), offered);
    let named: BTreeSet<&str> = PROMPT.split('`').skip(1).step_by(2).collect();
    assert_eq!(named, offered, "the prompt has a rule for each tool and for no other");
}

/// Starts a service that uses the stand-in for VAPI.
async fn service_set_up() -> (Service, Shell) {
    let vapi = FakeVapi::default();
    let url = vapi.start().await;
    let service = Service::start_with(&[("VAPI_API_KEY", API_KEY), ("VAPI_API_URL", &url)]).await;
    vapi.add_number("+14155550100");
    let shell = Shell { vapi, url, database_url: service.database_url.clone(), settings: Vec::new() };
    let shell = shell.with("PUBLIC_URL", &service.server_url).with("VAPI_WEBHOOK_SECRET", WEBHOOK_SECRET);
    (service, shell)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_up_is_what_the_servers_expect() {
    let (service, shell) = service_set_up().await;
    let student = service.student("Maya Brandt", PHONE).await;
    let ask = async |id: &str, phone: &str| {
        let message = json!({ "message": {
            "type": "assistant-request", "timestamp": 1, "call": { "id": id, "customer": { "number": phone } },
        } });
        service.ask(message.to_string().as_bytes()).await
    };
    assert!(ask("c1", PHONE).await["error"].is_string(), "nothing is set up yet");
    shell.set_up(&["--phone-number", "+14155550100"]);
    let changes = shell.vapi.take_changes();
    let sent = |operation: &str, kind: &str| {
        let of = |body: &Value| kind.is_empty() || body["authenticationPlan"]["type"] == kind;
        let found = changes.iter().find(|(of_operation, body)| of_operation == operation && of(body));
        found.unwrap_or_else(|| panic!("{operation} {kind}")).1.clone()
    };

    // A webhook to the assistant's URL, signed as the credential says.
    let (hmac, assistant) = (sent("POST /credential", "hmac"), sent("POST /assistant", ""));
    let plan = &hmac["authenticationPlan"];
    let timestamp = clock::now().timestamp().to_string();
    let body = br#"{"message":{"type":"hang","call":{"id":"c2"}}}"#;
    let signature = sign(plan["secretKey"].as_str().unwrap(), &timestamp, body);
    let request = service.http.post(assistant["server"]["url"].as_str().unwrap());
    let request = request
        .header(plan["timestampHeader"].as_str().unwrap(), &timestamp)
        .header(plan["signatureHeader"].as_str().unwrap(), signature);
    assert_eq!(request.body(body.to_vec()).send().await.unwrap().status(), StatusCode::OK);

    // The tools, with the credential's key and the tool's headers, as VAPI fills them in.
    let (bearer, tool) = (sent("POST /credential", "bearer"), sent("POST /tool", ""));
    let message = async |body: Value| {
        let url = tool["server"]["url"].as_str().unwrap();
        let mut request = service.http.post(url).bearer_auth(bearer["authenticationPlan"]["token"].as_str().unwrap());
        for (name, value) in tool["server"]["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap().replace("{{customer.number}}", PHONE));
        }
        let request = request.header("accept", "application/json, text/event-stream").json(&body);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let listed = message(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" })).await;
    let listed: BTreeSet<&str> =
        listed["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    // Listed only if the organisation requires codes.
    assert_eq!(listed, TOOLS.into_iter().filter(|name| *name != "verify_caller").collect());
    let call = json!({ "name": "get_student_context", "arguments": {} });
    let answer = message(json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call })).await;
    assert_eq!(answer["result"]["structuredContent"]["student"]["first_name"], "Maya", "{answer}");

    // A call rings. The first sentence is the student's own, and the call is recorded only with consent.
    let greeting = ask("c3", PHONE).await;
    assert_eq!(greeting["assistantId"], shell.vapi.objects("assistant")[0]["id"]);
    let overrides = &greeting["assistantOverrides"];
    assert!(overrides["firstMessage"].as_str().unwrap().contains("Maya"), "{overrides}");
    let records = |greeting: &Value| greeting["assistantOverrides"]["artifactPlan"]["recordingEnabled"].clone();
    assert_eq!(records(&greeting), true);
    let withdrawn = format!(
        "insert into consents (consent_id, student_id, purpose, action, means, decided_at, recorded_at, recorded_by)
         values (gen_random_uuid(), '{}', 'recording', 'withdrawn', 'phone', now(), now(), 'operator')",
        student.student_id
    );
    psql(&service.database_url, &withdrawn);
    assert_eq!(records(&ask("c4", PHONE).await), false, "a guardian withdrew it");
    assert_eq!(records(&ask("c5", "+14155559999").await), true, "the organisation consents for strangers");
    service.student("Leo Brandt", PHONE).await;
    assert_eq!(records(&ask("c6", PHONE).await), false, "two students share the number, so recording is off");

    let (_, output) = crate::processes::operator(&service, &["organisation", "set", "--presumed-consents", "tutoring"]);
    assert_eq!(records(&ask("c7", "+14155559999").await), false, "{output}");
    assert!(shell.faults().contains("`artifactPlan.recordingEnabled`; it must be false"));
    shell.set_up(&[]);
    assert_eq!(shell.vapi.objects("assistant")[0]["artifactPlan"]["recordingEnabled"], false);
    assert_eq!(shell.faults(), "");
    service.stop().await;
}

const PAGE: &str = "/settings/connections";

async fn call_me(person: &Person, phone: &str) -> (StatusCode, String) {
    let fields = [("phone", phone), ("confirmed", phone), ("confirm_password", ADMIN_PASSWORD)];
    let response = person.post(PAGE, "/settings/connections/test-call", &fields).await;
    (response.status(), response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_checks_vapi_on_request_and_places_a_test_call() {
    let (service, shell) = service_set_up().await;
    let person = service.log_in().await;
    shell.vapi.fail(1_000, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(person.read(PAGE).await.contains("Not checked yet"), "the page does not ask VAPI automatically");
    shell.vapi.fail(0, StatusCode::OK);
    let checked = format!("{PAGE}?check=vapi");
    assert!(person.read(&checked).await.contains("VAPI has no assistant of this service"));
    let (status, page) = call_me(&person, "+14155550177").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("The assistant is not set up."), "{page}");

    shell.set_up(&[]);
    assert!(person.read(&checked).await.contains("No phone number rings the tutor"));
    let (_, page) = call_me(&person, "+14155550177").await;
    assert!(page.contains("No phone number of this service can place the call"), "{page}");
    shell.set_up(&["--phone-number", "+14155550100"]);
    assert!(person.read(&checked).await.contains("Everything at VAPI is set up correctly"));
    shell.vapi.tamper("assistant", |assistant| assistant["serverMessages"] = json!([]));
    assert!(person.read(&checked).await.contains("the servers do not get the messages that they need"));
    shell.vapi.fail(9, StatusCode::UNAUTHORIZED);
    assert!(person.read(&checked).await.contains("Use the private key of your VAPI organisation"));
    shell.vapi.fail(0, StatusCode::OK);
    shell.set_up(&[]);
    shell.vapi.take_changes();

    // The page shows the number as it was understood, before any telephone rings.
    let fields = [("phone", "+1 (415) 555-0177")];
    let page = person.post(PAGE, "/settings/connections/test-call", &fields).await.text().await.unwrap();
    assert!(page.contains("Call +14155550177 now?") && shell.vapi.take_changes().is_empty(), "{page}");
    let (status, page) = call_me(&person, "0177").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("+14155550142"), "{page}");
    service.student("Maya Brandt", PHONE).await;
    let (_, page) = call_me(&person, PHONE).await;
    assert!(page.contains("This is a student’s number") && shell.vapi.take_changes().is_empty(), "{page}");

    let (status, _) = call_me(&person, "+14155550177").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let placed = shell.sent("POST /call");
    assert_eq!(placed["customer"], json!({ "number": "+14155550177" }));
    assert_eq!(placed["assistantOverrides"]["artifactPlan"]["recordingEnabled"], false);
    let entries = audit::list_entries(&service.db, &AuditQuery { limit: 2, ..AuditQuery::default() }).await.unwrap();
    assert_eq!(entries[0].action, "vapi.test_call_placed");
    assert!(!format!("{entries:?}").contains("4155550177"), "the audit log has no numbers");

    // One call at a time, even for requests at the same moment, and a limited number per hour.
    let (_, page) = call_me(&person, "+14155550177").await;
    assert!(page.contains("A test call is under way"), "{page}");
    shell.vapi.end_calls();
    let both = tokio::join!(call_me(&person, "+14155550177"), call_me(&person, "+14155550178"));
    let placed = [both.0.0, both.1.0].into_iter().filter(|status| *status == StatusCode::SEE_OTHER).count();
    assert_eq!(placed, 1, "{both:?}");
    shell.vapi.end_calls();
    for _ in 0..3 {
        assert_eq!(call_me(&person, "+14155550177").await.0, StatusCode::SEE_OTHER);
        shell.vapi.end_calls();
    }
    let (_, page) = call_me(&person, "+14155550177").await;
    assert!(page.contains("There were 5 test calls in the last hour"), "{page}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_places_test_calls_and_a_silent_vapi_is_told() {
    let (service, shell) = service_set_up().await;
    shell.set_up(&["--phone-number", "+14155550100"]);
    let admin = service.log_in().await;
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    let email = "tutor@example.org";
    admin_user::insert_user(&service.db, email, Role::Tutor, Some(&hash), None, clock::now()).await.unwrap();
    let tutor = Person::log_in(&service.admin_url, email, ADMIN_PASSWORD).await;
    let fields = [("phone", "+14155550177"), ("confirmed", "+14155550177")];
    let refused = tutor.post("/account", "/settings/connections/test-call", &fields).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(tutor.open(PAGE).await.status(), StatusCode::FORBIDDEN);

    shell.vapi.be_silent(true);
    let page = admin.read(&format!("{PAGE}?check=vapi")).await;
    assert!(page.contains("VAPI did not answer in time"), "{page}");
    shell.vapi.be_silent(false);
    service.stop().await;
}
