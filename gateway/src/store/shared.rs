//! The methods of [`Store`](super::Store) whose SQL both databases read the same way, written once so that
//! the two cannot drift apart. What differs is opening a database and writing a batch.
//!
//! A macro, because the bounds of a function that is generic over sqlx's databases are longer than
//! the functions.

/// Implements `Store` for a type with the pools `reader` and `writer`. `begin_write` and `begin_read` are
/// the statements that begin a transaction: the first must not fail later because another one writes, the second
/// must see one state of the database throughout.
macro_rules! impl_store {
    ($store:ty, kind: $kind:literal, begin_write: $begin_write:literal, begin_read: $begin_read:literal) => {
        #[async_trait::async_trait]
        impl Store for $store {
            fn kind(&self) -> &'static str {
                $kind
            }

            async fn get_owner(&self) -> Result<Option<(User, Option<String>)>> {
                let sql = "SELECT id, name, email, role, password_hash FROM users WHERE role = 'owner'";
                let cells = sqlx::query_as(sql).fetch_optional(&self.reader).await?;
                cells.map(rows::account).transpose()
            }

            async fn create_user(&self, user: NewUser) -> Result<User> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let made: Option<rows::UserCells> = sqlx::query_as(
                    "INSERT INTO users (name, email, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT DO NOTHING RETURNING id, name, email, role",
                )
                .bind(&user.name)
                .bind(&user.email)
                .bind(&user.password_hash)
                .bind(rows::role_name(user.role))
                .bind(user.created_at.0)
                .fetch_optional(&mut *tx)
                .await?;
                if let Some(cells) = made {
                    tx.commit().await?;
                    return rows::user(cells);
                }
                // one of the two unique constraints
                let email_exists = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)")
                    .bind(&user.email)
                    .fetch_one(&mut *tx)
                    .await?;
                Err(if email_exists { StoreError::EmailExists } else { StoreError::OwnerExists })
            }

            async fn get_user_by_email(&self, email: &str) -> Result<Option<(User, Option<String>)>> {
                let sql = "SELECT id, name, email, role, password_hash FROM users WHERE email = $1";
                let cells = sqlx::query_as(sql).bind(email).fetch_optional(&self.reader).await?;
                cells.map(rows::account).transpose()
            }

            async fn set_credentials(&self, user: UserId, email: &str, password_hash: &str) -> Result<User> {
                let changed = sqlx::query_as(
                    "UPDATE users SET name = $2, email = $2, password_hash = $3 WHERE id = $1
                     RETURNING id, name, email, role",
                )
                .bind(user.0)
                .bind(email)
                .bind(password_hash)
                .fetch_one(&self.writer)
                .await;
                match changed {
                    Ok(cells) => rows::user(cells),
                    // the e-mail is the only unique thing that it changes
                    Err(sqlx::Error::Database(fault)) if fault.is_unique_violation() => Err(StoreError::EmailExists),
                    Err(fault) => Err(fault.into()),
                }
            }

            async fn create_session(&self, session: NewSession) -> Result<()> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                // here, so that dead sessions never pile up and nobody has to sweep
                sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
                    .bind(session.created_at.0)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(
                    "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
                )
                .bind(&session.token_hash[..])
                .bind(session.user.0)
                .bind(session.created_at.0)
                .bind(session.expires_at.0)
                .execute(&mut *tx)
                .await?;
                Ok(tx.commit().await?)
            }

            async fn get_session(&self, token_hash: &TokenHash, now: UnixMicros) -> Result<Option<User>> {
                let cells = sqlx::query_as(
                    "SELECT u.id, u.name, u.email, u.role FROM sessions s JOIN users u ON u.id = s.user_id
                     WHERE s.token_hash = $1 AND s.expires_at > $2",
                )
                .bind(&token_hash[..])
                .bind(now.0)
                .fetch_optional(&self.reader)
                .await?;
                cells.map(rows::user).transpose()
            }

            async fn delete_session(&self, token_hash: &TokenHash) -> Result<()> {
                sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
                    .bind(&token_hash[..])
                    .execute(&self.writer)
                    .await?;
                Ok(())
            }

            async fn create_project(
                &self,
                name: &str,
                owner: Option<UserId>,
                key: Key,
                created_at: UnixMicros,
            ) -> Result<Project> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let id: i64 = sqlx::query_scalar(
                    "INSERT INTO projects (name, owner_id, created_at) VALUES ($1, $2, $3) RETURNING id",
                )
                .bind(name)
                .bind(owner.map(|owner| owner.0))
                .bind(created_at.0)
                .fetch_one(&mut *tx)
                .await?;
                let made = sqlx::query(
                    "INSERT INTO project_keys (key, project_id, created_at) VALUES ($1, $2, $3)
                     ON CONFLICT (key) DO NOTHING",
                )
                .bind(key.as_str())
                .bind(id)
                .bind(created_at.0)
                .execute(&mut *tx)
                .await?;
                if made.rows_affected() == 0 {
                    return Err(StoreError::KeyTaken);
                }
                tx.commit().await?;
                Ok(Project { id: ProjectId(id), name: name.to_owned(), owner, key, created_at })
            }

            async fn list_projects(&self, owner: Option<UserId>) -> Result<Vec<ProjectSummary>> {
                // the newest by number: a clock may have jumped
                let cells = sqlx::query_as(
                    "SELECT p.id, p.name, p.owner_id,
                         (SELECT key FROM project_keys k WHERE k.project_id = p.id ORDER BY created_at, key LIMIT 1),
                         p.created_at,
                         (SELECT count(*) FROM devices d WHERE d.project_id = p.id),
                         (SELECT max(last_seen) FROM devices d WHERE d.project_id = p.id)
                     FROM projects p WHERE $1 IS NULL OR p.owner_id = $1 ORDER BY p.id DESC",
                )
                .bind(owner.map(|owner| owner.0))
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(rows::summary).collect()
            }

            async fn get_project(&self, id: ProjectId) -> Result<Option<Project>> {
                let cells = sqlx::query_as(
                    "SELECT p.id, p.name, p.owner_id,
                         (SELECT key FROM project_keys k WHERE k.project_id = p.id ORDER BY created_at, key LIMIT 1),
                         p.created_at
                     FROM projects p WHERE p.id = $1",
                )
                .bind(id.0)
                .fetch_optional(&self.reader)
                .await?;
                cells.map(rows::project).transpose()
            }

            async fn get_project_by_key(&self, key: Key) -> Result<Option<Project>> {
                let cells = sqlx::query_as(
                    "SELECT p.id, p.name, p.owner_id, k.key, p.created_at
                     FROM project_keys k JOIN projects p ON p.id = k.project_id WHERE k.key = $1",
                )
                .bind(key.as_str())
                .fetch_optional(&self.reader)
                .await?;
                cells.map(rows::project).transpose()
            }

            async fn load_project(
                &self,
                id: ProjectId,
                max_devices: u32,
                max_logs: u32,
            ) -> Result<Option<ProjectState>> {
                let Some(project) = self.get_project(id).await? else { return Ok(None) };
                let mut tx = self.reader.begin_with($begin_read).await?;
                let revision: i64 = sqlx::query_scalar("SELECT revision FROM projects WHERE id = $1")
                    .bind(id.0)
                    .fetch_one(&mut *tx)
                    .await?;
                let devices: Vec<rows::StoredDeviceCells> = sqlx::query_as(
                    "SELECT identity, id, name, last_seen, about, applied FROM devices WHERE project_id = $1
                     ORDER BY last_seen DESC, id DESC LIMIT $2",
                )
                .bind(id.0)
                .bind(i64::from(max_devices))
                .fetch_all(&mut *tx)
                .await?;
                let vars = sqlx::query_as(
                    "SELECT name, spec, desired, desired_revision, desired_author, desired_at
                     FROM vars WHERE project_id = $1 ORDER BY position, name",
                )
                .bind(id.0)
                .fetch_all(&mut *tx)
                .await?;
                let reported = sqlx::query_as(
                    "SELECT device_id, name, value, at FROM reported WHERE device_id IN
                         (SELECT id FROM devices WHERE project_id = $1 ORDER BY last_seen DESC, id DESC LIMIT $2)
                     ORDER BY device_id",
                )
                .bind(id.0)
                .bind(i64::from(max_devices))
                .fetch_all(&mut *tx)
                .await?;
                let outcomes = sqlx::query_as(
                    "SELECT device_id, name, revision, status, value, reason FROM outcomes WHERE device_id IN
                         (SELECT id FROM devices WHERE project_id = $1 ORDER BY last_seen DESC, id DESC LIMIT $2)
                     ORDER BY device_id",
                )
                .bind(id.0)
                .bind(i64::from(max_devices))
                .fetch_all(&mut *tx)
                .await?;
                let logs: Vec<rows::LogCells> = sqlx::query_as(
                    "SELECT seq, device_id, at, received, level, message, fields
                     FROM logs WHERE project_id = $1 ORDER BY seq DESC LIMIT $2",
                )
                .bind(id.0)
                .bind(i64::from(max_logs))
                .fetch_all(&mut *tx)
                .await?;
                tx.commit().await?;
                rows::state(project, revision, devices, rows::vars(vars, reported, outcomes)?, logs).map(Some)
            }

            async fn list_history(&self, project: ProjectId, limit: u32) -> Result<Vec<HistoryRow>> {
                let cells = sqlx::query_as(
                    "SELECT name, old, new, revision, author, at FROM edits WHERE project_id = $1
                     ORDER BY revision DESC, name LIMIT $2",
                )
                .bind(project.0)
                .bind(i64::from(limit))
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(rows::history).collect()
            }

            async fn commit(&self, ticket: &Ticket, batch: &[Write], written: &mut Vec<Written>) -> Result<()> {
                match batch.is_empty() {
                    true => Ok(()),
                    false => self.commit_batch(ticket, batch, written).await,
                }
            }

            async fn is_committed(&self, ticket: &Ticket) -> Result<bool> {
                Ok(self.last_commit(&ticket.writer).await? == Some(ticket.number))
            }

            async fn epoch(&self) -> Result<Epoch> {
                let sql = "SELECT instance_id, epoch FROM instance";
                let (instance, number) = sqlx::query_as(sql).fetch_one(&self.reader).await?;
                Ok(Epoch { instance, number })
            }

            async fn check(&self) -> Result<()> {
                // a change, and committed: a row that stays as it is, SQLite does not even write
                let sql = "INSERT INTO writers (name, number) SELECT '(check)', 1 FROM instance WHERE true
                           ON CONFLICT (name) DO UPDATE SET number = writers.number + 1";
                let done = sqlx::query(sql).execute(&self.writer).await?;
                match done.rows_affected() {
                    1 => Ok(()),
                    _ => Err(StoreError::Damaged("the instance's own row is missing".to_owned())),
                }
            }

            async fn close(&self) {
                // readers first: the last connection to an SQLite file to go tidies it up, and that writes
                self.reader.close().await;
                self.writer.close().await;
            }
        }
    };
}

pub(super) use impl_store;
