//! Pushes job ids, over one connection that is thrown away after any fault.

use faktory::{Client, JobBuilder};
use secrecy::ExposeSecret;
use storage::id::JobId;
use storage::job::Kind;

use super::{Address, reserve_for, stream};

pub(crate) struct Producer {
    address: Address,
    client: Option<Client>,
}

impl Producer {
    pub(crate) fn new(address: Address) -> Self {
        Self { address, client: None }
    }

    /// Makes sure that there is a connection, so that no job is promised to a server that is known to be away.
    pub(crate) async fn connect(&mut self) -> anyhow::Result<()> {
        if self.client.is_none() {
            let stream = stream::connect(&self.address).await?;
            let password = self.address.password.as_ref().map(|password| password.expose_secret().to_owned());
            self.client = Some(Client::connect_with(stream, password).await?);
        }
        Ok(())
    }

    /// Returns the server's version. If it does not answer, returns `None`, and the next call connects again.
    pub(crate) async fn version(&mut self) -> Option<String> {
        let mut client = self.client.take()?;
        // In a separate task: the crate panics on an unexpected answer.
        let asking = tokio::spawn(async move { client.current_info().await.map(|state| (client, state)) });
        let (client, state) = asking.await.ok()?.ok()?;
        self.client = Some(client);
        Some(state.server.version.to_string())
    }

    /// Pushes all, and names those that Faktory did not want.
    pub(crate) async fn push(&mut self, due: &[(JobId, Kind)]) -> anyhow::Result<Vec<JobId>> {
        self.connect().await?;
        let Some(mut client) = self.client.take() else { anyhow::bail!("no connection") };
        let jobs: Vec<_> = due.iter().map(|(job_id, kind)| job(*job_id, *kind)).collect();
        // In a separate task: the crate panics on an unexpected answer.
        let pushing = tokio::spawn(async move {
            let answer = client.enqueue_many(jobs).await;
            answer.map(|(_, refused)| (client, refused))
        });
        let (client, refused) = pushing.await.map_err(|_| anyhow::anyhow!("Faktory gave an unexpected answer"))??;
        self.client = Some(client);
        let refused = refused.unwrap_or_default();
        Ok(due.iter().map(|(job_id, _)| *job_id).filter(|id| refused.contains_key(&id.to_string())).collect())
    }
}

/// Our table counts attempts, so Faktory must not: `retry 0` drops a failed job there, after counting it.
fn job(job_id: JobId, kind: Kind) -> faktory::Job {
    JobBuilder::new(kind.as_str())
        .jid(faktory::JobId::new(job_id.to_string()))
        .queue(kind.policy().lane.as_str())
        .args([job_id.to_string()])
        .reserve_for(reserve_for(kind))
        .retry(0)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faktory_learns_an_id_and_nothing_else() {
        let job_id = JobId::new();
        let job = serde_json::to_value(job(job_id, Kind::EnrichAnalysis)).unwrap();
        assert_eq!(job["jid"], job_id.to_string());
        assert_eq!(job["args"], serde_json::json!([job_id.to_string()]));
        assert_eq!((&job["queue"], &job["jobtype"]), (&"slow".into(), &"enrich_analysis".into()));
        assert_eq!((&job["retry"], &job["reserve_for"]), (&0.into(), &300.into()));
        assert!(job.get("custom").is_none());
    }
}
