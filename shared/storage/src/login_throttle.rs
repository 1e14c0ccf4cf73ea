//! Slows down repeated guesses of passwords and codes, on all servers together.
//!
//! **Invariant:** never a lock-out. A known browser waits for its own failures only. Failures from other places under
//! the same name delay others only briefly.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::db::{self, Db, Executor, Result};
use crate::id::AdminUserId;
use domain::network::client_network;

/// After this long without a failure, all is forgotten.
const MEMORY: TimeDelta = TimeDelta::minutes(15);

/// Old rows that one new row takes away.
const SWEPT: i64 = 10;

/// What failures are counted by.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// One account, tried from one address.
    AccountAt(&'a str, IpAddr),
    /// One account, tried from anywhere.
    Account(&'a str),
    /// Any account, tried from one address.
    Address(IpAddr),
    /// One account, tried in a browser that was signed in before.
    Device(&'a str, &'a str),
    /// Codes of the second factor, after a right password.
    Code(AdminUserId),
}

/// Failures that cost nothing, and the longest wait. Each failure beyond doubles the wait.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    free: i32,
    max_wait_seconds: i32,
}

impl By<'_> {
    fn allowance(&self) -> Allowance {
        let (free, max_wait_seconds) = match self {
            Self::AccountAt(..) | Self::Device(..) => (5, 60),
            Self::Account(_) => (60, 30),
            Self::Address(_) => (30, 60),
            Self::Code(_) => (5, 900),
        };
        Allowance { free, max_wait_seconds }
    }

    fn hash(&self) -> Vec<u8> {
        let text = match self {
            Self::AccountAt(account, address) => format!("account-at:{}:{account}", client_network(*address)),
            Self::Account(account) => format!("account:{account}"),
            Self::Address(address) => format!("address:{}", client_network(*address)),
            Self::Device(account, device) => format!("device:{device}:{account}"),
            Self::Code(admin_user_id) => format!("code:{admin_user_id}"),
        };
        Sha256::digest(text).to_vec()
    }

    /// Whether a success wipes all of it out, or takes back its own attempt alone, since others may be guessing.
    fn is_of_one(&self) -> bool {
        !matches!(self, Self::Account(_) | Self::Address(_))
    }
}

/// Takes one attempt. `Err`: too soon, with the seconds to wait. It counts as failed until [`succeeded`], so that many at
/// once do not slip through together.
pub async fn begin(db: &Db, counted: &[By<'_>], now: DateTime<Utc>) -> Result<Result<(), u64>> {
    // In one order, or two attempts could wait for each other.
    let mut counted: Vec<(Vec<u8>, Allowance)> = counted.iter().map(|by| (by.hash(), by.allowance())).collect();
    counted.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut tx = db::begin(db).await?;
    for (key_hash, allowance) in &counted {
        let Allowance { free, max_wait_seconds } = *allowance;
        let n = sqlx::query_scalar!(
            "insert into login_failures as f (key_hash, n, last_at) values ($1, 1, $2)
             on conflict (key_hash) do update
                 set n = case when f.last_at <= $3 then 1 else f.n + 1 end, last_at = $2
                 where f.last_at <= $3 or f.n < $4
                    or f.last_at + make_interval(secs => least($5::int, power(2, least(f.n - $4, 20)))) <= $2
             returning n",
            key_hash,
            now,
            now - MEMORY,
            free,
            max_wait_seconds,
        )
        .fetch_optional(&mut *tx)
        .await?;
        match n {
            None => return Ok(Err(wait(&mut *tx, key_hash, allowance, now).await?)),
            Some(1) => sweep(&mut *tx, now).await?,
            Some(_) => {}
        }
    }
    tx.commit().await?;
    Ok(Ok(()))
}

/// The attempt was right.
pub async fn succeeded(db: impl Executor<'_>, counted: &[By<'_>]) -> Result<()> {
    let of = |is_of_one: bool| -> Vec<Vec<u8>> {
        counted.iter().filter(|by| by.is_of_one() == is_of_one).map(By::hash).collect()
    };
    sqlx::query!(
        "with gone as (delete from login_failures where key_hash = any($1))
         update login_failures set n = greatest(n - 1, 0) where key_hash = any($2)",
        &of(true),
        &of(false),
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn wait(db: impl Executor<'_>, key_hash: &[u8], allowance: &Allowance, now: DateTime<Utc>) -> Result<u64> {
    let failed = sqlx::query!("select n, last_at from login_failures where key_hash = $1", key_hash);
    let Some(failed) = failed.fetch_optional(db).await? else { return Ok(1) };
    let beyond = (failed.n - allowance.free).clamp(0, 20);
    let wait = (1_i64 << beyond).min(i64::from(allowance.max_wait_seconds));
    let elapsed = (now - failed.last_at).num_seconds();
    Ok((wait - elapsed).max(1).unsigned_abs())
}

async fn sweep(db: impl Executor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from login_failures where key_hash in (
             select key_hash from login_failures where last_at < $1 order by last_at limit $2 for update skip locked)",
        now - MEMORY,
        SWEPT,
    )
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
    }

    async fn attempt(db: &Db, account: &str, address: IpAddr, seconds: i64) -> Result<(), u64> {
        let counted = [By::AccountAt(account, address), By::Account(account), By::Address(address)];
        begin(db, &counted, at(seconds)).await.unwrap()
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn mistyping_costs_nothing_then_waits_double(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        for _ in 0..5 {
            assert_eq!(attempt(&db, "ada", HERE, 0).await, Ok(()));
        }
        assert_eq!(attempt(&db, "ada", HERE, 0).await, Err(1));
        assert_eq!(attempt(&db, "ada", HERE, 1).await, Ok(()));
        assert_eq!(attempt(&db, "ada", HERE, 2).await, Err(1));
        assert_eq!(attempt(&db, "ada", HERE, 3).await, Ok(()));
        assert_eq!(attempt(&db, "ada", THERE, 3).await, Ok(()), "the owner, elsewhere");
        assert_eq!(attempt(&db, "ada", HERE, 3 + 15 * 60).await, Ok(()), "all is forgotten");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_known_browser_is_not_held_up_by_strangers(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        for seconds in 0..200 {
            let _ = attempt(&db, "ada", THERE, seconds).await;
        }
        assert!(attempt(&db, "ada", THERE, 200).await.is_err());
        let own = [By::Device("ada", "device_x")];
        for _ in 0..5 {
            assert_eq!(begin(&db, &own, at(200)).await.unwrap(), Ok(()));
        }
        assert_eq!(begin(&db, &own, at(200)).await.unwrap(), Err(1));
        succeeded(&db, &own).await.unwrap();
        assert_eq!(begin(&db, &own, at(200)).await.unwrap(), Ok(()));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn many_names_from_one_address_are_slowed_down_and_a_success_takes_back_its_own(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        for n in 0..30 {
            assert_eq!(attempt(&db, &n.to_string(), HERE, 0).await, Ok(()));
        }
        assert!(attempt(&db, "another", HERE, 0).await.is_err());
        succeeded(&db, &[By::Address(HERE)]).await.unwrap();
        assert_eq!(attempt(&db, "another", HERE, 0).await, Ok(()));
        assert!(attempt(&db, "yet another", HERE, 0).await.is_err());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn old_failures_are_swept_away(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        for n in 0..10 {
            attempt(&db, &n.to_string(), HERE, 0).await.unwrap();
        }
        attempt(&db, "later", THERE, 3_600).await.unwrap();
        let n = sqlx::query_scalar!(r#"select count(*) as "n!" from login_failures"#).fetch_one(&db).await.unwrap();
        assert_eq!(n, 3);
    }
}
