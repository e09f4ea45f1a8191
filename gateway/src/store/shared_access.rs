//! The methods of [`AccessStore`](super::AccessStore), written once for both databases; see `shared.rs`.

/// Implements `AccessStore` for a type with the pools `reader` and `writer`.
macro_rules! impl_access_store {
    ($store:ty, begin_write: $begin_write:literal) => {
        /// Writes an audit row within a transaction.
        macro_rules! note {
            ($tx:expr, $note:expr) => {{
                let note: &AuditRow = &$note;
                sqlx::query(
                    "INSERT INTO audit (at, actor_id, actor, via, address, project_id, action, subject, old, new)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                )
                .bind(note.at.0)
                .bind(note.actor_id.map(|id| id.0))
                .bind(&note.actor)
                .bind(&note.via)
                .bind(&note.address)
                .bind(note.project.map(|id| id.0))
                .bind(note.action)
                .bind(&note.subject)
                .bind(&note.old)
                .bind(&note.new)
                .execute(&mut *$tx)
                .await?
            }};
        }

        /// Inserts an account within a transaction; `Err` tells which constraint is in the way.
        macro_rules! insert_user {
            ($tx:expr, $user:expr) => {{
                let user: &NewUser = &$user;
                let made: Option<rows::UserCells> = sqlx::query_as(
                    "INSERT INTO users (name, email, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT DO NOTHING RETURNING id, name, email, role",
                )
                .bind(&user.name)
                .bind(&user.email)
                .bind(&user.password_hash)
                .bind(rows::role_name(user.role))
                .bind(user.created_at.0)
                .fetch_optional(&mut *$tx)
                .await?;
                match made {
                    Some(cells) => Ok(rows::user(cells)?),
                    // one of the two unique constraints
                    None => {
                        let email_exists: bool =
                            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)")
                                .bind(&user.email)
                                .fetch_one(&mut *$tx)
                                .await?;
                        Err(if email_exists { StoreError::EmailExists } else { StoreError::OwnerExists })
                    }
                }
            }};
        }

        #[async_trait::async_trait]
        impl AccessStore for $store {
            async fn get_owner(&self) -> Result<Option<(User, Option<String>)>> {
                let sql = "SELECT id, name, email, role, password_hash FROM users WHERE role = 'owner'";
                let cells = sqlx::query_as(sql).fetch_optional(&self.reader).await?;
                cells.map(rows::account).transpose()
            }

            async fn create_user(&self, user: NewUser, note: AuditRow) -> Result<User> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let made = insert_user!(tx, user)?;
                note!(tx, access_rows::by(&made, note));
                tx.commit().await?;
                Ok(made)
            }

            async fn get_user(&self, user: UserId) -> Result<Option<(User, Option<String>)>> {
                let sql = "SELECT id, name, email, role, password_hash FROM users WHERE id = $1";
                let cells = sqlx::query_as(sql).bind(user.0).fetch_optional(&self.reader).await?;
                cells.map(rows::account).transpose()
            }

            async fn get_user_by_email(&self, email: &str) -> Result<Option<(User, Option<String>)>> {
                let sql = "SELECT id, name, email, role, password_hash FROM users WHERE email = $1";
                let cells = sqlx::query_as(sql).bind(email).fetch_optional(&self.reader).await?;
                cells.map(rows::account).transpose()
            }

            async fn list_accounts(&self) -> Result<Vec<Account>> {
                let cells = sqlx::query_as(
                    "SELECT u.id, u.name, u.email, u.role, u.created_at,
                         (SELECT count(*) FROM members m WHERE m.user_id = u.id)
                     FROM users u ORDER BY u.id",
                )
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(access_rows::account).collect()
            }

            async fn set_credentials(
                &self,
                user: UserId,
                email: &str,
                password_hash: &str,
                note: AuditRow,
            ) -> Result<User> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let changed = sqlx::query_as(
                    "UPDATE users SET name = $2, email = $2, password_hash = $3 WHERE id = $1
                     RETURNING id, name, email, role",
                )
                .bind(user.0)
                .bind(email)
                .bind(password_hash)
                .fetch_one(&mut *tx)
                .await;
                let user = match changed {
                    Ok(cells) => rows::user(cells)?,
                    // the e-mail is the only unique thing that it changes
                    Err(sqlx::Error::Database(fault)) if fault.is_unique_violation() => {
                        return Err(StoreError::EmailExists);
                    }
                    Err(fault) => return Err(fault.into()),
                };
                note!(tx, access_rows::by(&user, note));
                tx.commit().await?;
                Ok(user)
            }

            async fn set_password(
                &self,
                user: UserId,
                password_hash: &str,
                except: Option<&TokenHash>,
                note: AuditRow,
            ) -> Result<bool> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let changed = sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1")
                    .bind(user.0)
                    .bind(password_hash)
                    .execute(&mut *tx)
                    .await?;
                if changed.rows_affected() == 0 {
                    return Ok(false);
                }
                let kept: &[u8] = except.map_or(&[], |hash| &hash[..]);
                sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2")
                    .bind(user.0)
                    .bind(kept)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query("DELETE FROM links WHERE user_id = $1").bind(user.0).execute(&mut *tx).await?;
                note!(tx, note);
                tx.commit().await?;
                Ok(true)
            }

            async fn delete_user(&self, user: UserId, note: AuditRow) -> Result<bool> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let gone = sqlx::query("DELETE FROM users WHERE id = $1 AND role <> 'owner'")
                    .bind(user.0)
                    .execute(&mut *tx)
                    .await?;
                if gone.rows_affected() == 0 {
                    return Ok(false);
                }
                note!(tx, note);
                tx.commit().await?;
                Ok(true)
            }

            async fn create_session(&self, session: NewSession, note: AuditRow) -> Result<()> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                // here, so that dead sessions never pile up and nobody has to sweep
                sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
                    .bind(session.created_at.0)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(
                    "INSERT INTO sessions
                         (token_hash, user_id, created_at, last_used_at, expires_at, address, agent)
                     VALUES ($1, $2, $3, $3, $4, $5, $6)",
                )
                .bind(&session.token_hash[..])
                .bind(session.user.0)
                .bind(session.created_at.0)
                .bind(session.expires_at.0)
                .bind(&session.address)
                .bind(&session.agent)
                .execute(&mut *tx)
                .await?;
                note!(tx, note);
                Ok(tx.commit().await?)
            }

            async fn get_session(
                &self,
                token_hash: &TokenHash,
                now: UnixMicros,
            ) -> Result<Option<(User, UnixMicros)>> {
                let cells: Option<(i64, String, Option<String>, String, i64)> = sqlx::query_as(
                    "SELECT u.id, u.name, u.email, u.role, s.last_used_at
                     FROM sessions s JOIN users u ON u.id = s.user_id
                     WHERE s.token_hash = $1 AND s.expires_at > $2",
                )
                .bind(&token_hash[..])
                .bind(now.0)
                .fetch_optional(&self.reader)
                .await?;
                let user = |(id, name, email, role, used)| {
                    Ok((rows::user((id, name, email, role))?, UnixMicros(used)))
                };
                cells.map(user).transpose()
            }

            async fn touch_session(&self, token_hash: &TokenHash, at: UnixMicros) -> Result<()> {
                sqlx::query("UPDATE sessions SET last_used_at = $2 WHERE token_hash = $1")
                    .bind(&token_hash[..])
                    .bind(at.0)
                    .execute(&self.writer)
                    .await?;
                Ok(())
            }

            async fn list_sessions(
                &self,
                user: UserId,
                now: UnixMicros,
            ) -> Result<Vec<(TokenHash, SessionInfo)>> {
                let cells = sqlx::query_as(
                    "SELECT token_hash, created_at, last_used_at, expires_at, address, agent FROM sessions
                     WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, token_hash",
                )
                .bind(user.0)
                .bind(now.0)
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(access_rows::session).collect()
            }

            async fn delete_sessions(&self, user: UserId, which: Sessions<'_>, note: AuditRow) -> Result<u64> {
                let (sql, hash): (&'static str, &[u8]) = match which {
                    Sessions::One(hash) => ("DELETE FROM sessions WHERE user_id = $1 AND token_hash = $2", hash),
                    Sessions::Others(hash) => {
                        ("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", hash)
                    }
                    // no hash is empty
                    Sessions::All => ("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", &[]),
                };
                let mut tx = self.writer.begin_with($begin_write).await?;
                let gone = sqlx::query(sql).bind(user.0).bind(hash).execute(&mut *tx).await?.rows_affected();
                if gone == 0 {
                    return Ok(0);
                }
                note!(tx, note);
                tx.commit().await?;
                Ok(gone)
            }

            async fn create_project(
                &self,
                name: &str,
                owner: Option<UserId>,
                key: Key,
                created_at: UnixMicros,
                note: AuditRow,
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
                    "INSERT INTO game_keys (project_id, key, name, created_at, created_by)
                     VALUES ($1, $2, 'first key', $3, $4) ON CONFLICT (key) DO NOTHING",
                )
                .bind(id)
                .bind(key.as_str())
                .bind(created_at.0)
                .bind(owner.map(|_| &note.actor))
                .execute(&mut *tx)
                .await?;
                if made.rows_affected() == 0 {
                    return Err(StoreError::KeyTaken);
                }
                if let Some(owner) = owner {
                    sqlx::query(
                        "INSERT INTO members (project_id, user_id, role, added_at) VALUES ($1, $2, 'admin', $3)",
                    )
                    .bind(id)
                    .bind(owner.0)
                    .bind(created_at.0)
                    .execute(&mut *tx)
                    .await?;
                }
                let note = AuditRow { project: Some(ProjectId(id)), ..note };
                note!(tx, note);
                tx.commit().await?;
                Ok(Project { id: ProjectId(id), name: name.to_owned(), key, created_at })
            }

            async fn list_projects(&self, member: Option<UserId>) -> Result<Vec<ProjectSummary>> {
                // the newest by number: a clock may have jumped
                let cells = sqlx::query_as(
                    "SELECT p.id, p.name, p.created_at,
                         (SELECT count(*) FROM devices d WHERE d.project_id = p.id),
                         (SELECT max(last_seen) FROM devices d WHERE d.project_id = p.id),
                         coalesce(m.role, 'admin')
                     FROM projects p LEFT JOIN members m ON m.project_id = p.id AND m.user_id = $1
                     WHERE $1 IS NULL OR m.role IS NOT NULL ORDER BY p.id DESC",
                )
                .bind(member.map(|member| member.0))
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(rows::summary).collect()
            }

            async fn rename_project(&self, project: ProjectId, name: &str, note: AuditRow) -> Result<bool> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let changed = sqlx::query("UPDATE projects SET name = $2 WHERE id = $1")
                    .bind(project.0)
                    .bind(name)
                    .execute(&mut *tx)
                    .await?;
                if changed.rows_affected() == 0 {
                    return Ok(false);
                }
                note!(tx, note);
                tx.commit().await?;
                Ok(true)
            }

            async fn delete_project(&self, project: ProjectId, note: AuditRow) -> Result<bool> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let gone = sqlx::query("DELETE FROM projects WHERE id = $1")
                    .bind(project.0)
                    .execute(&mut *tx)
                    .await?;
                if gone.rows_affected() == 0 {
                    return Ok(false);
                }
                note!(tx, note);
                tx.commit().await?;
                Ok(true)
            }

            async fn delete_logs(&self, project: ProjectId, limit: u32) -> Result<u64> {
                let gone = sqlx::query(
                    "DELETE FROM logs WHERE project_id = $1
                         AND NOT EXISTS (SELECT 1 FROM projects WHERE id = $1)
                         AND seq < $2 + (SELECT min(seq) FROM logs WHERE project_id = $1)",
                )
                .bind(project.0)
                .bind(i64::from(limit))
                .execute(&self.writer)
                .await?;
                Ok(gone.rows_affected())
            }

            async fn list_memberships(&self, user: UserId) -> Result<Vec<(ProjectId, ProjectRole)>> {
                let cells = sqlx::query_as("SELECT project_id, role FROM members WHERE user_id = $1")
                    .bind(user.0)
                    .fetch_all(&self.reader)
                    .await?;
                cells.into_iter().map(access_rows::membership).collect()
            }

            async fn list_members(&self, project: ProjectId) -> Result<Vec<Member>> {
                let cells = sqlx::query_as(
                    "SELECT u.id, u.name, u.email, m.role, m.added_at FROM members m
                     JOIN users u ON u.id = m.user_id WHERE m.project_id = $1 ORDER BY u.name, u.id",
                )
                .bind(project.0)
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(access_rows::member).collect()
            }

            async fn set_member_role(
                &self,
                project: ProjectId,
                user: UserId,
                role: ProjectRole,
                note: AuditRow,
            ) -> Result<bool> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let changed =
                    sqlx::query("UPDATE members SET role = $3 WHERE project_id = $1 AND user_id = $2")
                        .bind(project.0)
                        .bind(user.0)
                        .bind(role.as_str())
                        .execute(&mut *tx)
                        .await?;
                if changed.rows_affected() == 0 {
                    return Ok(false);
                }
                if role < ProjectRole::Admin {
                    // or he would keep a way back
                    sqlx::query("DELETE FROM links WHERE project_id = $1 AND created_by_id = $2")
                        .bind(project.0)
                        .bind(user.0)
                        .execute(&mut *tx)
                        .await?;
                }
                note!(tx, note);
                tx.commit().await?;
                Ok(true)
            }

            async fn remove_member(&self, project: ProjectId, user: UserId, note: AuditRow) -> Result<bool> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let gone = sqlx::query("DELETE FROM members WHERE project_id = $1 AND user_id = $2")
                    .bind(project.0)
                    .bind(user.0)
                    .execute(&mut *tx)
                    .await?;
                if gone.rows_affected() == 0 {
                    return Ok(false);
                }
                // what he could hand on goes with him
                sqlx::query("DELETE FROM links WHERE project_id = $1 AND created_by_id = $2")
                    .bind(project.0)
                    .bind(user.0)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query("DELETE FROM api_tokens WHERE project_id = $1 AND user_id = $2")
                    .bind(project.0)
                    .bind(user.0)
                    .execute(&mut *tx)
                    .await?;
                note!(tx, note);
                tx.commit().await?;
                Ok(true)
            }

            async fn create_link(&self, link: NewLink, note: AuditRow) -> Result<()> {
                let (project, role, user) = match link.purpose {
                    LinkPurpose::Invitation { project, role } => (Some(project.0), Some(role.as_str()), None),
                    LinkPurpose::Reset { user } => (None, None, Some(user.0)),
                };
                let mut tx = self.writer.begin_with($begin_write).await?;
                // here, so that dead links never pile up and nobody has to sweep
                sqlx::query("DELETE FROM links WHERE expires_at <= $1")
                    .bind(link.created_at.0)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(
                    "INSERT INTO links (token_hash, project_id, role, user_id, note, created_by_id, created_by,
                         created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                )
                .bind(&link.token_hash[..])
                .bind(project)
                .bind(role)
                .bind(user)
                .bind(&link.note)
                .bind(link.created_by.id.0)
                .bind(&link.created_by.name)
                .bind(link.created_at.0)
                .bind(link.expires_at.0)
                .execute(&mut *tx)
                .await?;
                note!(tx, note);
                Ok(tx.commit().await?)
            }

            async fn get_link(&self, token_hash: &TokenHash, now: UnixMicros) -> Result<Option<Link>> {
                let invitation: Option<access_rows::InvitationCells> = sqlx::query_as(
                    "SELECT l.token_hash, l.project_id, p.name, l.role, l.note, l.created_by, l.created_at,
                         l.expires_at
                     FROM links l JOIN projects p ON p.id = l.project_id
                     WHERE l.token_hash = $1 AND l.expires_at > $2",
                )
                .bind(&token_hash[..])
                .bind(now.0)
                .fetch_optional(&self.reader)
                .await?;
                if let Some(cells) = invitation {
                    return Ok(Some(Link::Invitation(access_rows::invitation(cells)?.1)));
                }
                let user = sqlx::query_as(
                    "SELECT u.id, u.name, u.email, u.role FROM links l JOIN users u ON u.id = l.user_id
                     WHERE l.token_hash = $1 AND l.expires_at > $2",
                )
                .bind(&token_hash[..])
                .bind(now.0)
                .fetch_optional(&self.reader)
                .await?;
                Ok(user.map(rows::user).transpose()?.map(Link::Reset))
            }

            async fn list_invitations(
                &self,
                project: ProjectId,
                now: UnixMicros,
            ) -> Result<Vec<(TokenHash, Invitation)>> {
                let cells = sqlx::query_as(
                    "SELECT l.token_hash, l.project_id, p.name, l.role, l.note, l.created_by, l.created_at,
                         l.expires_at
                     FROM links l JOIN projects p ON p.id = l.project_id
                     WHERE l.project_id = $1 AND l.expires_at > $2 ORDER BY l.created_at DESC, l.token_hash",
                )
                .bind(project.0)
                .bind(now.0)
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(access_rows::invitation).collect()
            }

            async fn delete_link(&self, token_hash: &TokenHash, note: AuditRow) -> Result<bool> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let gone = sqlx::query("DELETE FROM links WHERE token_hash = $1")
                    .bind(&token_hash[..])
                    .execute(&mut *tx)
                    .await?;
                if gone.rows_affected() == 0 {
                    return Ok(false);
                }
                note!(tx, note);
                tx.commit().await?;
                Ok(true)
            }

            async fn join(
                &self,
                token_hash: &TokenHash,
                who: Joining,
                now: UnixMicros,
                note: AuditRow,
            ) -> Result<Option<(User, ProjectId)>> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let spent: Option<(i64, String)> = sqlx::query_as(
                    "DELETE FROM links WHERE token_hash = $1 AND expires_at > $2 AND project_id IS NOT NULL
                     RETURNING project_id, role",
                )
                .bind(&token_hash[..])
                .bind(now.0)
                .fetch_optional(&mut *tx)
                .await?;
                let Some((project, role)) = spent else { return Ok(None) };
                let user = match who {
                    Joining::New(user) => insert_user!(tx, user)?,
                    Joining::Known(user) => {
                        let cells = sqlx::query_as("SELECT id, name, email, role FROM users WHERE id = $1")
                            .bind(user.0)
                            .fetch_optional(&mut *tx)
                            .await?;
                        match cells {
                            Some(cells) => rows::user(cells)?,
                            None => return Ok(None),
                        }
                    }
                };
                let known: Option<String> =
                    sqlx::query_scalar("SELECT role FROM members WHERE project_id = $1 AND user_id = $2")
                        .bind(project)
                        .bind(user.id.0)
                        .fetch_optional(&mut *tx)
                        .await?;
                let offered = access_rows::project_role(&role)?;
                let known = known.as_deref().map(access_rows::project_role).transpose()?;
                let role = known.map_or(offered, |known| known.max(offered));
                sqlx::query(
                    "INSERT INTO members (project_id, user_id, role, added_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role",
                )
                .bind(project)
                .bind(user.id.0)
                .bind(role.as_str())
                .bind(now.0)
                .execute(&mut *tx)
                .await?;
                let note = AuditRow {
                    actor_id: Some(user.id),
                    actor: user.name.clone(),
                    project: Some(ProjectId(project)),
                    subject: user.name.clone(),
                    old: known.map(|role| role.to_string()),
                    new: Some(role.to_string()),
                    ..note
                };
                note!(tx, note);
                tx.commit().await?;
                Ok(Some((user, ProjectId(project))))
            }

            async fn reset_password(
                &self,
                token_hash: &TokenHash,
                password_hash: &str,
                now: UnixMicros,
                note: AuditRow,
            ) -> Result<Option<User>> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let spent: Option<i64> = sqlx::query_scalar(
                    "DELETE FROM links WHERE token_hash = $1 AND expires_at > $2 AND user_id IS NOT NULL
                     RETURNING user_id",
                )
                .bind(&token_hash[..])
                .bind(now.0)
                .fetch_optional(&mut *tx)
                .await?;
                let Some(user) = spent else { return Ok(None) };
                let cells = sqlx::query_as(
                    "UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING id, name, email, role",
                )
                .bind(user)
                .bind(password_hash)
                .fetch_one(&mut *tx)
                .await?;
                sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(user).execute(&mut *tx).await?;
                sqlx::query("DELETE FROM links WHERE user_id = $1").bind(user).execute(&mut *tx).await?;
                let user = rows::user(cells)?;
                let name = user.name.clone();
                let note =
                    AuditRow { actor_id: Some(user.id), actor: name.clone(), subject: name, ..note };
                note!(tx, note);
                tx.commit().await?;
                Ok(Some(user))
            }

            async fn list_keys(&self, project: ProjectId) -> Result<Vec<GameKey>> {
                let cells = sqlx::query_as(
                    "SELECT id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at
                     FROM game_keys WHERE project_id = $1 ORDER BY id",
                )
                .bind(project.0)
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(access_rows::key).collect()
            }

            async fn create_key(
                &self,
                project: ProjectId,
                key: NewKey,
                replaces: Option<(KeyId, UnixMicros)>,
                note: AuditRow,
            ) -> Result<GameKey> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let made: Option<access_rows::KeyCells> = sqlx::query_as(
                    "INSERT INTO game_keys (project_id, key, name, created_at, created_by)
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING
                     RETURNING id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at",
                )
                .bind(project.0)
                .bind(key.key.as_str())
                .bind(&key.name)
                .bind(key.created_at.0)
                .bind(&key.created_by)
                .fetch_optional(&mut *tx)
                .await?;
                let made = access_rows::key(made.ok_or(StoreError::KeyTaken)?)?;
                if let Some((old, expires_at)) = replaces {
                    let changed = sqlx::query(
                        "UPDATE game_keys SET expires_at =
                             CASE WHEN expires_at < $3 THEN expires_at ELSE $3 END
                         WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL",
                    )
                    .bind(project.0)
                    .bind(old.0)
                    .bind(expires_at.0)
                    .execute(&mut *tx)
                    .await?;
                    if changed.rows_affected() == 0 {
                        return Err(StoreError::Gone);
                    }
                }
                note!(tx, note);
                tx.commit().await?;
                Ok(made)
            }

            async fn revoke_key(
                &self,
                project: ProjectId,
                key: KeyId,
                at: UnixMicros,
                note: AuditRow,
            ) -> Result<Option<Key>> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let cells: Option<access_rows::KeyCells> = sqlx::query_as(
                    "UPDATE game_keys SET revoked_at = $3 WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL
                     RETURNING id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at",
                )
                .bind(project.0)
                .bind(key.0)
                .bind(at.0)
                .fetch_optional(&mut *tx)
                .await?;
                let Some(cells) = cells else { return Ok(None) };
                note!(tx, note);
                tx.commit().await?;
                Ok(Some(access_rows::key(cells)?.key))
            }

            async fn create_token(&self, token: NewToken, note: AuditRow) -> Result<ApiToken> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let cells = sqlx::query_as(
                    "INSERT INTO api_tokens
                         (user_id, project_id, name, shown, token_hash, scope, created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                     RETURNING id, name, shown, scope, project_id, created_at, expires_at, last_used_at",
                )
                .bind(token.user.0)
                .bind(token.project.map(|project| project.0))
                .bind(&token.name)
                .bind(&token.shown)
                .bind(&token.token_hash[..])
                .bind(token.scope.as_str())
                .bind(token.created_at.0)
                .bind(token.expires_at.0)
                .fetch_one(&mut *tx)
                .await?;
                note!(tx, note);
                tx.commit().await?;
                access_rows::token(cells)
            }

            async fn get_token(
                &self,
                token_hash: &TokenHash,
                now: UnixMicros,
            ) -> Result<Option<(User, ApiToken)>> {
                let cells: Option<access_rows::TokenCells> = sqlx::query_as(
                    "SELECT id, name, shown, scope, project_id, created_at, expires_at, last_used_at
                     FROM api_tokens WHERE token_hash = $1 AND expires_at > $2",
                )
                .bind(&token_hash[..])
                .bind(now.0)
                .fetch_optional(&self.reader)
                .await?;
                let Some(cells) = cells else { return Ok(None) };
                let token = access_rows::token(cells)?;
                let user: Option<rows::UserCells> = sqlx::query_as(
                    "SELECT u.id, u.name, u.email, u.role FROM api_tokens t JOIN users u ON u.id = t.user_id
                     WHERE t.id = $1",
                )
                .bind(token.id.0)
                .fetch_optional(&self.reader)
                .await?;
                Ok(user.map(rows::user).transpose()?.map(|user| (user, token)))
            }

            async fn touch_token(&self, token: TokenId, at: UnixMicros) -> Result<()> {
                sqlx::query("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1")
                    .bind(token.0)
                    .bind(at.0)
                    .execute(&self.writer)
                    .await?;
                Ok(())
            }

            async fn list_tokens(&self, user: UserId) -> Result<Vec<ApiToken>> {
                let cells = sqlx::query_as(
                    "SELECT id, name, shown, scope, project_id, created_at, expires_at, last_used_at
                     FROM api_tokens WHERE user_id = $1 ORDER BY id DESC",
                )
                .bind(user.0)
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(access_rows::token).collect()
            }

            async fn delete_token(&self, user: UserId, token: TokenId, note: AuditRow) -> Result<bool> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                let gone = sqlx::query("DELETE FROM api_tokens WHERE user_id = $1 AND id = $2")
                    .bind(user.0)
                    .bind(token.0)
                    .execute(&mut *tx)
                    .await?;
                if gone.rows_affected() == 0 {
                    return Ok(false);
                }
                note!(tx, note);
                tx.commit().await?;
                Ok(true)
            }

            async fn record(&self, note: AuditRow) -> Result<()> {
                let mut tx = self.writer.begin_with($begin_write).await?;
                note!(tx, note);
                Ok(tx.commit().await?)
            }

            async fn list_audit(
                &self,
                project: Option<ProjectId>,
                after: Option<&AuditCursor>,
                limit: u32,
            ) -> Result<Vec<(AuditCursor, AuditEntry)>> {
                const OF_PROJECT: &str =
                    "SELECT at, source, number, name, actor, via, address, project_id, action, subject, old, new
                     FROM (SELECT at, 0 AS source, id AS number, '' AS name, actor, via, address, project_id,
                               action, subject, old, new
                           FROM audit WHERE project_id = $1 AND at <= $2
                           UNION ALL
                           SELECT at, 1, revision, name, author, via, address, project_id,
                               'value.edit', name, old, new
                           FROM edits WHERE project_id = $1 AND at <= $2) t
                     WHERE (at, source, number, name) < ($2, $3, $4, $5)
                     ORDER BY at DESC, source DESC, number DESC, name DESC LIMIT $6";
                const OF_ALL: &str =
                    "SELECT at, 0, id, '', actor, via, address, project_id, action, subject, old, new
                     FROM audit WHERE $1 IS NULL AND at <= $2 AND (at, 0, id, '') < ($2, $3, $4, $5)
                     ORDER BY at DESC, id DESC LIMIT $6";
                let beyond = AuditCursor { at: UnixMicros(i64::MAX), is_edit: true, number: 0, name: String::new() };
                let after = after.unwrap_or(&beyond);
                let cells: Vec<access_rows::AuditCells> =
                    sqlx::query_as(if project.is_some() { OF_PROJECT } else { OF_ALL })
                        .bind(project.map(|project| project.0))
                        .bind(after.at.0)
                        .bind(i32::from(after.is_edit))
                        .bind(after.number)
                        .bind(&after.name)
                        .bind(i64::from(limit))
                        .fetch_all(&self.reader)
                        .await?;
                Ok(cells.into_iter().map(access_rows::audit).collect())
            }
        }
    };
}

pub(super) use impl_access_store;
