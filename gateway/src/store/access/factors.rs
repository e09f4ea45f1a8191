//! Second factors, and which projects ask for one.

use protocol::model::{ProjectId, UnixMicros, UserId};

use super::{AccessStore, AuditRow, both};
use crate::store::{Result, TokenHash};

const NEW_CODE: &str = "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)";

/// The second factor of an account.
#[derive(Clone)]
pub struct Factor {
    /// What its codes are made of.
    pub secret: Vec<u8>,
    /// Since when it is asked for; `None`: it was begun, and no code has come yet.
    pub confirmed_at: Option<UnixMicros>,
    /// Recovery codes that are left.
    pub recovery_codes: i64,
}

impl std::fmt::Debug for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Factor").field("confirmed_at", &self.confirmed_at).finish_non_exhaustive()
    }
}

impl AccessStore {
    /// The second factor of an account, also one that was only begun.
    pub async fn get_factor(&self, user: UserId) -> Result<Option<Factor>> {
        both!(self, db, {
            let cells: Option<(Vec<u8>, Option<i64>, i64)> = sqlx::query_as(
                "SELECT f.secret, f.confirmed_at,
                     (SELECT count(*) FROM recovery_codes c WHERE c.user_id = f.user_id)
                 FROM second_factors f WHERE f.user_id = $1",
            )
            .bind(user.0)
            .fetch_optional(&db.reader)
            .await?;
            let factor = |(secret, confirmed_at, recovery_codes): (Vec<u8>, Option<i64>, i64)| Factor {
                secret,
                confirmed_at: confirmed_at.map(UnixMicros),
                recovery_codes,
            };
            Ok(cells.map(factor))
        })
    }

    /// Begins one, in place of another that was only begun. Returns whether that was done: not beside one that is asked for.
    pub async fn begin_factor(&self, user: UserId, secret: &[u8], at: UnixMicros) -> Result<bool> {
        both!(self, db, {
            let sql = "INSERT INTO second_factors (user_id, secret, created_at) VALUES ($1, $2, $3)
                 ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
                 WHERE second_factors.confirmed_at IS NULL";
            let begun = sqlx::query(sql).bind(user.0).bind(secret).bind(at.0).execute(&db.writer).await?;
            Ok(begun.rows_affected() > 0)
        })
    }

    /// Has the one with that secret asked for from now on, `step` being that of its first code, and ends every session but
    /// that of the token `except`. Returns whether it was still only begun.
    pub async fn confirm_factor(
        &self,
        user: UserId,
        secret: &[u8],
        step: i64,
        codes: &[TokenHash],
        except: Option<&TokenHash>,
        note: AuditRow,
    ) -> Result<bool> {
        both!(self, db, {
            let kept: &[u8] = except.map_or(&[], |hash| &hash[..]);
            let confirm = sqlx::query(
                "UPDATE second_factors SET confirmed_at = $3, last_step = $4
                 WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NULL",
            )
            .bind(user.0)
            .bind(secret)
            .bind(note.at.0)
            .bind(step);
            let end = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2")
                .bind(user.0)
                .bind(kept);
            let mut then = vec![end];
            for code in codes {
                then.push(sqlx::query(NEW_CODE).bind(user.0).bind(&code[..]));
            }
            Ok(db.change(confirm, then, note).await? > 0)
        })
    }

    /// Takes the code of a step of time. Returns whether it is the first of that step or a later one.
    pub async fn take_step(&self, user: UserId, step: i64) -> Result<bool> {
        both!(self, db, {
            let sql = "UPDATE second_factors SET last_step = $2
                 WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL";
            let taken = sqlx::query(sql).bind(user.0).bind(step).execute(&db.writer).await?;
            Ok(taken.rows_affected() > 0)
        })
    }

    /// Takes a recovery code. Returns whether there was such a one.
    pub async fn take_recovery_code(&self, user: UserId, code: &TokenHash, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let sql = "DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2";
            let take = sqlx::query(sql).bind(user.0).bind(&code[..]);
            Ok(db.change(take, [], note).await? > 0)
        })
    }

    /// Puts other recovery codes in place of those that are left. Returns whether the account has a second factor.
    pub async fn replace_recovery_codes(
        &self,
        user: UserId,
        codes: &[TokenHash],
        note: AuditRow,
    ) -> Result<bool> {
        both!(self, db, {
            // it changes nothing but holds the row, so that two at once leave the codes of one
            let hold = "UPDATE second_factors SET last_step = last_step
                 WHERE user_id = $1 AND confirmed_at IS NOT NULL";
            let hold = sqlx::query(hold).bind(user.0);
            let delete = sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user.0);
            let mut then = vec![delete];
            for code in codes {
                then.push(sqlx::query(NEW_CODE).bind(user.0).bind(&code[..]));
            }
            Ok(db.change(hold, then, note).await? > 0)
        })
    }

    /// Removes the second factor of an account, and ends every session but that of the token `except`. Returns whether it had
    /// one that was asked for.
    pub async fn delete_factor(
        &self,
        user: UserId,
        except: Option<&TokenHash>,
        note: AuditRow,
    ) -> Result<bool> {
        both!(self, db, {
            let kept: &[u8] = except.map_or(&[], |hash| &hash[..]);
            let sql = "DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL";
            let delete = sqlx::query(sql).bind(user.0);
            let codes = sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user.0);
            let end = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2")
                .bind(user.0)
                .bind(kept);
            Ok(db.change(delete, [codes, end], note).await? > 0)
        })
    }

    /// The projects that ask for a second factor.
    pub async fn list_guarded_projects(&self) -> Result<Vec<ProjectId>> {
        both!(self, db, {
            let sql = "SELECT id FROM projects WHERE needs_second_factor <> 0 AND deleted_at IS NULL";
            let ids: Vec<i64> = sqlx::query_scalar(sql).fetch_all(&db.reader).await?;
            Ok(ids.into_iter().map(ProjectId).collect())
        })
    }

    /// Says whether a project asks for a second factor. Returns whether that is new.
    pub async fn guard_project(&self, project: ProjectId, guarded: bool, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let sql = "UPDATE projects SET needs_second_factor = $2
                 WHERE id = $1 AND needs_second_factor <> $2 AND deleted_at IS NULL";
            let change = sqlx::query(sql).bind(project.0).bind(i64::from(guarded));
            Ok(db.change(change, [], note).await? > 0)
        })
    }
}
