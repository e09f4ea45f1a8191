//! Second factors.

use async_trait::async_trait;
use protocol::model::{UnixMicros, UserId};

use super::sessions::end_sessions;
use crate::store::{
    cells::TokenHash,
    error::Result,
    note::AuditRow,
    sql::{Tx, row},
    sql_store::SqlStore,
};

/// The second factor of an account.
#[derive(Clone)]
pub struct Factor {
    /// The secret that its codes are derived from.
    pub secret: Vec<u8>,
    /// Since when it is required; `None`: its set-up has begun, and no code has been entered yet.
    pub confirmed_at: Option<UnixMicros>,
    /// Unused recovery codes.
    pub recovery_codes: i64,
}

impl std::fmt::Debug for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Factor").field("confirmed_at", &self.confirmed_at).finish_non_exhaustive()
    }
}

/// Second factors of accounts.
#[async_trait]
pub trait Factors: Send + Sync {
    /// The second factor of an account, even if its set-up has only begun.
    async fn get_factor(&self, user: UserId) -> Result<Option<Factor>>;

    /// Begins to set one up, replacing one that was only begun. Returns `false` if the account already has one.
    async fn begin_factor(&self, user: UserId, secret: &[u8], at: UnixMicros) -> Result<bool>;

    /// Completes the set-up of the one with that secret; `step` is the time step of its first code. Ends every session but that
    /// of the token `except`. Returns whether it was still being set up.
    async fn confirm_factor(
        &self,
        user: UserId,
        secret: &[u8],
        step: i64,
        codes: &[TokenHash],
        except: Option<&TokenHash>,
        note: AuditRow,
    ) -> Result<bool>;

    /// Uses the code of a time step. Returns `false` if the code of this or of a later step was used before.
    async fn take_step(&self, user: UserId, step: i64) -> Result<bool>;

    /// Uses up a recovery code. Returns whether it existed.
    async fn take_recovery_code(&self, user: UserId, code: &TokenHash, note: AuditRow) -> Result<bool>;

    /// Replaces the recovery codes. Returns whether the account has a second factor.
    async fn replace_recovery_codes(&self, user: UserId, codes: &[TokenHash], note: AuditRow)
    -> Result<bool>;

    /// Removes the second factor of an account, and ends every session but that of the token `except`. Returns whether it had
    /// one.
    async fn delete_factor(&self, user: UserId, except: Option<&TokenHash>, note: AuditRow) -> Result<bool>;
}

row! {
    struct FactorRecord { secret: Vec<u8>, confirmed_at: Option<i64>, recovery_codes: i64 } -> Factor {
        Ok(Factor { secret, confirmed_at: confirmed_at.map(UnixMicros), recovery_codes })
    }
}

#[async_trait]
impl Factors for SqlStore {
    async fn get_factor(&self, user: UserId) -> Result<Option<Factor>> {
        self.read(
            "SELECT f.secret, f.confirmed_at,
                 (SELECT count(*) FROM recovery_codes c WHERE c.user_id = f.user_id) AS recovery_codes
             FROM second_factors f WHERE f.user_id = $1",
        )
        .bind(user.0)
        .read::<FactorRecord>()
        .await
    }

    async fn begin_factor(&self, user: UserId, secret: &[u8], at: UnixMicros) -> Result<bool> {
        let sql = "INSERT INTO second_factors (user_id, secret, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
             WHERE second_factors.confirmed_at IS NULL";
        Ok(self.write(sql).bind(user.0).bind(secret).bind(at.0).run().await? > 0)
    }

    async fn confirm_factor(
        &self,
        user: UserId,
        secret: &[u8],
        step: i64,
        codes: &[TokenHash],
        except: Option<&TokenHash>,
        note: AuditRow,
    ) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let confirm = tx.query(
            "UPDATE second_factors SET confirmed_at = $3, last_step = $4
             WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NULL",
        );
        let confirmed = confirm.bind(user.0).bind(secret).bind(note.at.0).bind(step).run().await?;
        if confirmed > 0 {
            end_sessions(&mut tx, user, except).await?;
            insert_codes(&mut tx, user, codes).await?;
        }
        tx.finish_if(confirmed, note).await
    }

    async fn take_step(&self, user: UserId, step: i64) -> Result<bool> {
        let sql = "UPDATE second_factors SET last_step = $2
             WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL";
        Ok(self.write(sql).bind(user.0).bind(step).run().await? > 0)
    }

    async fn take_recovery_code(&self, user: UserId, code: &TokenHash, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let take = tx.query("DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2");
        let taken = take.bind(user.0).bind(&code[..]).run().await?;
        tx.finish_if(taken, note).await
    }

    async fn replace_recovery_codes(
        &self,
        user: UserId,
        codes: &[TokenHash],
        note: AuditRow,
    ) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        // it changes nothing but locks the row, so that two at once leave the codes of one
        let hold = tx.query(
            "UPDATE second_factors SET last_step = last_step WHERE user_id = $1 AND confirmed_at IS NOT NULL",
        );
        let held = hold.bind(user.0).run().await?;
        if held > 0 {
            tx.query(DELETE_CODES).bind(user.0).run().await?;
            insert_codes(&mut tx, user, codes).await?;
        }
        tx.finish_if(held, note).await
    }

    async fn delete_factor(&self, user: UserId, except: Option<&TokenHash>, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let delete = tx.query("DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL");
        let deleted = delete.bind(user.0).run().await?;
        if deleted > 0 {
            tx.query(DELETE_CODES).bind(user.0).run().await?;
            end_sessions(&mut tx, user, except).await?;
        }
        tx.finish_if(deleted, note).await
    }
}

const DELETE_CODES: &str = "DELETE FROM recovery_codes WHERE user_id = $1";

async fn insert_codes(tx: &mut Tx<'_>, user: UserId, codes: &[TokenHash]) -> Result<()> {
    for code in codes {
        let insert = tx.query("INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)");
        insert.bind(user.0).bind(&code[..]).run().await?;
    }
    Ok(())
}
