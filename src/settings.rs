//! Settings of the operator's commands: the environment, filled up with what the data directory keeps.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use web::config::{
    AdminConfig, Fault, Faults, McpServerConfig, Settings, VapiSetupConfig, WorkerConfig, from_environment,
};

use crate::local_secrets::LocalSecrets;
use crate::say;

/// The configuration of all roles in one process.
#[derive(Debug)]
pub struct UpConfig {
    pub mcp_server: McpServerConfig,
    pub worker: WorkerConfig,
    pub admin: AdminConfig,
}

impl UpConfig {
    /// Reads the environment, and for missing settings `secrets` and `database_url`. In one process the queue is
    /// embedded.
    pub fn read(secrets: &LocalSecrets, database_url: &SecretString) -> Result<Self, Faults> {
        let lookup = |variable: &str| {
            let set = from_environment(variable);
            set.or_else(|| match variable {
                "DATABASE_URL" => Some(database_url.expose_secret().to_owned()),
                "JWT_PRIVATE_KEY" => Some(secrets.jwt_private_key.expose_secret().to_owned()),
                "VAPI_WEBHOOK_SECRET" => Some(secrets.vapi_webhook_secret.expose_secret().to_owned()),
                "QUEUE" if from_environment("FAKTORY_URL").is_none() => Some("embedded".to_owned()),
                _ => None,
            })
            // Two servers in one process cannot share the platform's one port.
            .filter(|_| variable != "PORT")
        };
        read(&lookup)
    }
}

fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<UpConfig, Faults> {
    let mcp_server = McpServerConfig::from_settings(Settings::new(lookup));
    let worker = WorkerConfig::from_settings(Settings::new(lookup));
    let admin = AdminConfig::from_settings(Settings::new(lookup));
    match (mcp_server, worker, admin) {
        (Ok(mcp_server), Ok(worker), Ok(admin)) => Ok(UpConfig { mcp_server, worker, admin }),
        (mcp_server, worker, admin) => {
            let faults = [mcp_server.err(), worker.err(), admin.err()];
            let mut all: Vec<Fault> = Vec::new();
            for fault in faults.into_iter().flatten().flat_map(|faults| faults.0) {
                if !all.contains(&fault) {
                    all.push(fault);
                }
            }
            Err(Faults(all))
        }
    }
}

/// `check-config`: what the three production binaries would say.
pub fn check() -> Result<UpConfig, Faults> {
    let config = read(&from_environment)?;
    say!("the configuration is complete");
    Ok(config)
}

/// What `call simulate` needs to sign and send a call.
#[derive(Debug)]
pub struct Target {
    pub mcp_server: McpServerConfig,
}

impl Target {
    /// The running server of this data directory, or of the environment.
    pub fn read(data_dir: &Path) -> anyhow::Result<Self> {
        let secrets = LocalSecrets::open(data_dir)?;
        let unused = SecretString::from("postgres://localhost/unused");
        Ok(Self { mcp_server: UpConfig::read(&secrets, &unused)?.mcp_server })
    }
}

/// What `vapi` needs. Without `DATABASE_URL` the webhook's secret is the one that `up` generated.
pub fn vapi_setup(data_dir: &Path) -> anyhow::Result<VapiSetupConfig> {
    let is_local = from_environment("DATABASE_URL").is_none();
    let secrets = is_local.then(|| LocalSecrets::open(data_dir)).transpose()?;
    let lookup = |variable: &str| {
        let generated = secrets.as_ref().filter(|_| variable == "VAPI_WEBHOOK_SECRET");
        from_environment(variable).or(generated.map(|all| all.vapi_webhook_secret.expose_secret().to_owned()))
    };
    Ok(VapiSetupConfig::from_settings(Settings::new(lookup))?)
}

/// The public address of the dashboard. Read only from the environment, because a production user has no data
/// directory.
pub fn admin_url() -> Result<String, Faults> {
    let lookup = |variable: &str| {
        let unused = (variable == "DATABASE_URL").then(|| "postgres://localhost/unused".to_owned());
        from_environment(variable).or(unused)
    };
    let config = AdminConfig::from_settings(Settings::new(lookup))?;
    Ok(config.admin_url.unwrap_or_else(|| "https://ADMIN_URL".to_owned()))
}
