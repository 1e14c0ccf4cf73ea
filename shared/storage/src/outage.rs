//! What a worker cannot reach: written by the worker, shown by the servers.

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};

use crate::db::{Executor, Result};

/// The dependencies that can delay work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Dependency {
    Faktory,
    Llm,
    Vapi,
}

impl Dependency {
    pub const ALL: [Self; 3] = [Self::Faktory, Self::Llm, Self::Vapi];

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Faktory => "the queue server",
            Self::Llm => "the language model",
            Self::Vapi => "VAPI",
        }
    }
}

/// It could not be reached, and has not been since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub dependency: Dependency,
    pub since: DateTime<Utc>,
}

/// Records that a dependency cannot be reached. Repeat it while the outage lasts: an outage that is not repeated
/// expires.
pub async fn report(executor: impl Executor<'_>, dependency: Dependency) -> Result<()> {
    sqlx::query!(
        "insert into outages as o (dependency, since, reported_at) values ($1, now(), now())
         on conflict (dependency) do update set
             since = case when o.reported_at < now() - interval '1 minute' then now() else o.since end,
             reported_at = now()",
        dependency.as_str(),
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// It answers again.
pub async fn end(executor: impl Executor<'_>, dependency: Dependency) -> Result<()> {
    sqlx::query!("delete from outages where dependency = $1", dependency.as_str()).execute(executor).await?;
    Ok(())
}

/// What cannot be reached by now, as far as a worker lives that would know.
pub async fn list(executor: impl Executor<'_>) -> Result<Vec<Outage>> {
    let rows = sqlx::query!(
        "select dependency, since from outages where reported_at > now() - interval '1 minute' order by dependency"
    )
    .fetch_all(executor)
    .await?;
    let known = rows.into_iter().filter_map(|row| {
        let dependency = row.dependency.parse::<Dependency>().ok()?;
        Some(Outage { dependency, since: row.since })
    });
    Ok(known.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn an_outage_lasts_until_it_ends_or_nobody_speaks_of_it(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        report(&db, Dependency::Llm).await.unwrap();
        let since = list(&db).await.unwrap()[0].since;
        report(&db, Dependency::Llm).await.unwrap();
        assert_eq!(list(&db).await.unwrap(), [Outage { dependency: Dependency::Llm, since }]);
        sqlx::query!("update outages set reported_at = now() - interval '2 minutes'").execute(&db).await.unwrap();
        assert!(list(&db).await.unwrap().is_empty());
        report(&db, Dependency::Llm).await.unwrap();
        assert!(list(&db).await.unwrap()[0].since > since, "that is another one");
        end(&db, Dependency::Llm).await.unwrap();
        assert!(list(&db).await.unwrap().is_empty());
    }
}
