//! `ai-tutor`: one process with all roles, and the operator's commands.

mod accounts;
mod analytics;
mod backfill;
mod connections;
mod context;
mod curriculum;
mod database;
mod demo;
mod dialogue;
mod evaluate;
mod local_postgres;
mod local_secrets;
mod organisation;
mod print;
mod repair;
mod seed;
mod settings;
mod simulate;
mod students;
mod tutoring;
mod up;
mod vapi;
mod with_postgres;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use storage::access::{ClientKind, Role, ScopeSet};
use storage::db::roles;
use storage::id::{AgentKeyId, StudentId};
use storage::organisation::{Assurance, CodeKind};
use storage::phone::Phone;
use web::config::{self, from_environment};

use crate::database::{Database, data_dir};

#[derive(Parser)]
#[command(version, about = "Tutoring by phone that knows the child", disable_help_subcommand = true)]
struct Cli {
    /// Where the private Postgres and the generated secrets live [default: $AI_TUTOR_DATA_DIR, else .data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything in one process, with nothing to configure (the default)
    Up {
        /// Load no demo data and play no sample call
        #[arg(long)]
        no_demo: bool,
        /// Load demo data and play the sample call in the database of DATABASE_URL too
        #[arg(long, conflicts_with = "no_demo")]
        demo: bool,
    },
    /// Apply the migrations
    Migrate {
        /// How many seconds to wait for another migration that is running
        #[arg(long, value_name = "SECONDS", default_value_t = storage::db::MIGRATION_PATIENCE.as_secs())]
        wait: u64,
        /// Postgres role of the servers. It gets the rights they need, and can only add to the audit log
        #[arg(long, value_name = "NAME")]
        app_role: Option<String>,
        /// Postgres role for reports. It may read everything except secrets
        #[arg(long, value_name = "NAME")]
        read_role: Option<String>,
    },
    /// Report all configuration errors at once
    CheckConfig {
        /// Also try the database, the queue, the model (one short question), VAPI, the mail server and your storage
        #[arg(long)]
        connect: bool,
    },
    /// Manage API clients
    #[command(subcommand)]
    ApiClient(ApiClientCommand),
    /// Manage the users of the dashboard
    #[command(subcommand)]
    AdminUser(AdminUserCommand),
    /// Manage students
    #[command(subcommand)]
    Student(StudentCommand),
    /// Show or change the settings of the organisation
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Export and import the curriculum
    #[command(subcommand)]
    Curriculum(CurriculumCommand),
    /// Set up VAPI through its API, and check the set-up
    #[command(subcommand)]
    Vapi(vapi::Command),
    /// Play sample calls, and import calls from VAPI
    #[command(subcommand)]
    Call(CallCommand),
    /// Retry a session, or analyse the sessions of a period again
    #[command(subcommand)]
    Session(SessionCommand),
    /// Retry failed jobs
    #[command(subcommand)]
    Job(JobCommand),
    /// Recompute mastery
    #[command(subcommand)]
    Mastery(MasteryCommand),
    /// Recompute the figures of the analytics
    #[command(subcommand)]
    Analytics(AnalyticsCommand),
    /// Add synthetic students and calls for load tests
    Seed(seed::Arguments),
    /// Show what an assistant receives
    #[command(subcommand)]
    Context(ContextCommand),
    /// Show how assistants tutored
    #[command(subcommand)]
    Tutoring(TutoringCommand),
    /// Score the analysis on labelled dialogues
    Eval(evaluate::Arguments),
    /// Print the API's OpenAPI 3.1 document
    Openapi,
    /// Run a program with DATABASE_URL set to a temporary Postgres
    #[command(hide = true)]
    WithPostgres {
        #[arg(trailing_var_arg = true, required = true)]
        program: Vec<String>,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhichClients {
    #[arg(long)]
    client_id: Option<String>,
    /// All telephone clients, and the tools that webhooks call
    #[arg(long)]
    all_telephones: bool,
}

#[derive(Subcommand)]
enum ApiClientCommand {
    /// Create a client and print its secrets once, as one JSON object
    Create {
        #[arg(long)]
        name: String,
        /// For example "context:read sessions:read"
        #[arg(long)]
        scope: ScopeSet,
        /// Also create a long-lived bearer for clients that can only send a fixed header
        #[arg(long)]
        agent_key: bool,
        /// telephone: reaches only the student of the line that it names. back-office: reaches all students. Default:
        /// telephone with --agent-key, otherwise back-office
        #[arg(long)]
        kind: Option<ClientKind>,
        /// The client's public keys (PEM, JWK or JWK set). It then signs (private_key_jwt) and gets no secret
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
    },
    /// Print all clients as JSON, one per line, without secrets
    List,
    /// Revoke a client with its secrets, agent keys and tokens
    Revoke {
        #[arg(long)]
        client_id: String,
    },
    /// Print the ids and times of a client's agent keys as JSON, one per line
    ListKeys {
        #[arg(long)]
        client_id: String,
    },
    /// Revoke one agent key of a client. Its other keys, secrets and tokens still work
    RevokeKey {
        #[arg(long)]
        client_id: String,
        /// The id that list-keys prints
        #[arg(long)]
        agent_key_id: AgentKeyId,
    },
    /// Change the kind of a client
    SetKind {
        #[arg(long)]
        client_id: String,
        #[arg(long)]
        kind: ClientKind,
    },
    /// Refuse a client, or all telephone clients, until they are started again. Takes effect within 5 seconds
    Stop(WhichClients),
    /// Accept stopped clients again
    Start(WhichClients),
    /// Replace the public keys of a client that signs. During a rotation, put the old and the new key in the file
    SetKey {
        #[arg(long)]
        client_id: String,
        #[arg(long, value_name = "FILE")]
        public_key: PathBuf,
    },
}

#[derive(Subcommand)]
enum AdminUserCommand {
    /// Create a user. Reads the password from standard input; without one, prints a one-time set-up link
    Create {
        #[arg(long)]
        email: String,
        /// admin, tutor or viewer
        #[arg(long)]
        role: Role,
        /// A cohort whose students a tutor or viewer sees. Repeatable. Default: all students
        #[arg(long = "cohort")]
        cohorts: Vec<String>,
    },
    /// Remove the second factors of a user who lost them, and end their sign-ins
    EndTwoStep {
        #[arg(long)]
        email: String,
    },
}

#[derive(Subcommand)]
enum CurriculumCommand {
    /// Print all subjects and skills
    Export {
        #[arg(long, value_enum, default_value = "csv")]
        format: curriculum::Format,
    },
    /// Add and change subjects and skills from a CSV or JSON file in the format of export
    Import { file: PathBuf },
    /// Add a ready-made subject: science (primary), writing (English grammar), spanish or german
    Add { subject: String },
}

#[derive(Subcommand)]
enum TutoringCommand {
    /// Compare how each version of each assistant tutored with published practice
    Show {
        /// How many days back
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
    },
}

#[derive(Subcommand)]
enum StudentCommand {
    /// Add and update students from a CSV file with the columns display_name, phones (separated by semicolons),
    /// grade, locale, timezone, cohort, external_id, status; or from a OneRoster 1.1 or 1.2 bundle (zip file or folder)
    Import {
        file: PathBuf,
        /// Only report what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Set the code that a caller says to prove who they are. Reads it from standard input; it is never shown again
    SetCode(WhichCode),
    /// Unlock a code after three wrong tries
    UnlockCode(WhichCode),
    /// Remove a code
    RemoveCode(WhichCode),
}

#[derive(Debug, Args)]
struct WhichCode {
    #[arg(long)]
    student_id: StudentId,
    /// pin or guardian-code
    #[arg(long, default_value = "pin")]
    kind: CodeKind,
}

#[derive(Subcommand)]
enum OrganisationCommand {
    /// Print the settings as one JSON object
    Show,
    /// Change the settings that are named
    Set {
        /// What a caller must prove: caller-id, pin or guardian-code
        #[arg(long)]
        identity_assurance: Option<Assurance>,
        /// The purposes for which you consent on behalf of guardians, separated by commas: tutoring, recording,
        /// transcripts, model, reports; or none
        #[arg(long)]
        presumed_consents: Option<String>,
    },
}

#[derive(Subcommand)]
enum CallCommand {
    /// Play dialogues as signed end-of-call reports of VAPI against the running server
    Simulate(simulate::Arguments),
    /// Import calls of a period whose report never arrived, from VAPI's records
    Backfill(repair::Span),
}

#[derive(Subcommand)]
enum SessionCommand {
    /// Retry the failed jobs of a call. If none failed, analyse it again
    Retry {
        /// The session's id, or VAPI's id for the call
        id: String,
    },
    /// Analyse sessions of another analyser version again. Resumable
    Reanalyze(repair::ReanalyzeArguments),
}

#[derive(Subcommand)]
enum JobCommand {
    /// Retry all jobs that failed for one reason
    Retry {
        /// The reason that the Jobs page shows
        #[arg(long)]
        reason: String,
    },
}

#[derive(Subcommand)]
enum MasteryCommand {
    /// Compute every student's mastery from the evidence again. Resumable
    Rebuild {
        /// Start from the first student
        #[arg(long)]
        from_start: bool,
    },
}

#[derive(Subcommand)]
enum AnalyticsCommand {
    /// Compute again what each call taught, which the analytics add up. Resumable
    Rebuild,
}

#[derive(Subcommand)]
enum ContextCommand {
    /// Print the student context as an assistant would receive it, with its token count
    Show {
        #[arg(long)]
        phone: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let verbosity = from_environment("RUST_LOG");
    let verbosity = verbosity.or_else(|| match cli.command {
        // What a command has to say, it says itself.
        None | Some(Command::Up { .. }) => None,
        _ => Some("warn".to_owned()),
    });
    let _log = web::telemetry::init(from_environment("LOG_FORMAT").as_deref(), verbosity.as_deref());
    match run(cli).await {
        Ok(code) => code,
        Err(error) => config::exit("ai-tutor", &error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let dir = data_dir(cli.data_dir);
    match cli.command.unwrap_or(Command::Up { no_demo: false, demo: false }) {
        Command::Up { no_demo, demo } => up::up(&dir, up::Demo::wanted(demo, no_demo)).await?,
        Command::CheckConfig { connect } => {
            let config = settings::check()?;
            if connect {
                connections::check(&config).await?;
            }
        }
        Command::Openapi => say!("{:#}", mcp_server::api::openapi()),
        Command::WithPostgres { program } => return with_postgres::run(&program).await,
        Command::Call(CallCommand::Simulate(arguments)) => simulate::run(&dir, arguments).await?,
        Command::Eval(arguments) => evaluate::run(&arguments).await?,
        command => {
            let database =
                if command.only_reads() { Database::find_existing(&dir).await? } else { Database::find(&dir).await? };
            let done = on_database(command, &database, &dir).await;
            database.stop()?;
            done?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Command {
    /// Whether the command shows what is there, so that an empty new database would be a wrong answer.
    fn only_reads(&self) -> bool {
        matches!(
            self,
            Self::Context(_)
                | Self::Tutoring(_)
                | Self::Curriculum(CurriculumCommand::Export { .. })
                | Self::Session(_)
                | Self::Job(_)
                | Self::Mastery(_)
                | Self::Analytics(_)
        )
    }
}

/// The commands that work on the database alone.
async fn on_database(command: Command, database: &Database, dir: &Path) -> anyhow::Result<()> {
    let now = storage::clock::now();
    if let Command::Migrate { wait, app_role, read_role } = command {
        storage::db::migrate(&database.url, Duration::from_secs(wait)).await?;
        if let Some(role) = app_role {
            roles::grant_app(&database.url, &role).await?;
        }
        if let Some(role) = read_role {
            roles::grant_read(&database.url, &role).await?;
        }
        return Ok(());
    }
    let db = database.migrated_pool().await?;
    match command {
        Command::ApiClient(ApiClientCommand::Create { name, scope, agent_key, kind, public_key }) => {
            let default = if agent_key { ClientKind::Telephone } else { ClientKind::BackOffice };
            let kind = kind.unwrap_or(default);
            accounts::create_api_client(&db, &name, kind, scope, agent_key, public_key.as_deref(), now).await
        }
        Command::ApiClient(ApiClientCommand::List) => accounts::list_api_clients(&db).await,
        Command::ApiClient(ApiClientCommand::Revoke { client_id }) => {
            accounts::revoke_api_client(&db, &client_id, now).await
        }
        Command::ApiClient(ApiClientCommand::ListKeys { client_id }) => {
            accounts::list_agent_keys(&db, &client_id).await
        }
        Command::ApiClient(ApiClientCommand::RevokeKey { client_id, agent_key_id }) => {
            accounts::revoke_agent_key(&db, &client_id, agent_key_id, now).await
        }
        Command::ApiClient(ApiClientCommand::SetKind { client_id, kind }) => {
            accounts::set_kind(&db, &client_id, kind, now).await
        }
        Command::ApiClient(ApiClientCommand::Stop(which)) => {
            accounts::set_stopped(&db, which.client_id.as_deref(), true, now).await
        }
        Command::ApiClient(ApiClientCommand::Start(which)) => {
            accounts::set_stopped(&db, which.client_id.as_deref(), false, now).await
        }
        Command::ApiClient(ApiClientCommand::SetKey { client_id, public_key }) => {
            accounts::set_public_keys(&db, &client_id, &public_key, now).await
        }
        Command::AdminUser(AdminUserCommand::Create { email, role, cohorts }) => {
            accounts::create_admin_user(&db, &email, role, &cohorts, &settings::admin_url()?, now).await
        }
        Command::AdminUser(AdminUserCommand::EndTwoStep { email }) => accounts::end_two_step(&db, &email, now).await,
        Command::Curriculum(CurriculumCommand::Export { format }) => curriculum::export(&db, format).await,
        Command::Curriculum(CurriculumCommand::Import { file }) => curriculum::import(&db, &file).await,
        Command::Curriculum(CurriculumCommand::Add { subject }) => curriculum::add(&db, &subject).await,
        Command::Tutoring(TutoringCommand::Show { days }) => tutoring::show(&db, days, now).await,
        Command::Student(StudentCommand::Import { file, dry_run }) => students::import(&db, &file, dry_run, now).await,
        Command::Student(StudentCommand::SetCode(which)) => {
            organisation::set_code(&db, which.student_id, which.kind, now).await
        }
        Command::Student(StudentCommand::UnlockCode(which)) => {
            organisation::unlock_code(&db, which.student_id, which.kind, now).await
        }
        Command::Student(StudentCommand::RemoveCode(which)) => {
            organisation::remove_code(&db, which.student_id, which.kind, now).await
        }
        Command::Organisation(OrganisationCommand::Show) => organisation::show(&db).await,
        Command::Organisation(OrganisationCommand::Set { identity_assurance, presumed_consents }) => {
            organisation::set(&db, identity_assurance, presumed_consents.as_deref(), now).await
        }
        Command::Vapi(command) => vapi::run(&db, dir, command, now).await,
        Command::Call(CallCommand::Backfill(span)) => backfill::run(&db, span, now).await,
        Command::Session(SessionCommand::Retry { id }) => repair::retry_session(&db, &id, now).await,
        Command::Session(SessionCommand::Reanalyze(arguments)) => repair::reanalyze(&db, &arguments, now).await,
        Command::Job(JobCommand::Retry { reason }) => repair::retry_jobs(&db, &reason, now).await,
        Command::Mastery(MasteryCommand::Rebuild { from_start }) => repair::rebuild_mastery(&db, from_start, now).await,
        Command::Analytics(AnalyticsCommand::Rebuild) => analytics::rebuild(&db, now).await,
        Command::Seed(arguments) => seed::run(&db, &arguments, now).await,
        Command::Context(ContextCommand::Show { phone }) => context::show(&db, &Phone::parse(&phone)?, now).await,
        _ => unreachable!("the other commands need no database"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_well_formed() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn the_readme_names_every_command() {
        let readme = include_str!("../README.md");
        let names = |text: &str| readme.contains(&format!("`{text}`")) || readme.contains(&format!("`{text} "));
        for command in super::Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name();
            assert!(command.has_subcommands() || names(name), "{name}");
            for of_it in command.get_subcommands().map(clap::Command::get_name) {
                // Or beside the one before it: "`set-code`; `unlock-code` with the same".
                assert!(names(&format!("{name} {of_it}")) || names(of_it), "{name} {of_it}");
            }
        }
    }
}
