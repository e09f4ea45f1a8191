//! The methods of [`Store`](super::Store) whose SQL both databases read the same way, written once so that
//! the two cannot drift apart. What differs is opening a database and writing a batch.
//!
//! A macro, because the bounds of a function that is generic over sqlx's databases are longer than
//! the functions.

/// Implements `Store` for a type with the pools `reader` and `writer` and with `access`. `begin_read` is the statement
/// that begins a transaction which sees one state of the database throughout.
macro_rules! impl_store {
    ($store:ty, kind: $kind:literal, begin_read: $begin_read:literal) => {
        #[async_trait::async_trait]
        impl Store for $store {
            fn kind(&self) -> &'static str {
                $kind
            }

            fn access(&self) -> &AccessStore {
                &self.access
            }

            async fn get_project(&self, id: ProjectId) -> Result<Option<Project>> {
                let cells = sqlx::query_as(
                    "SELECT p.id, p.name,
                         (SELECT key FROM game_keys k WHERE k.project_id = p.id
                          ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END,
                              CASE WHEN expires_at IS NULL THEN 0 ELSE 1 END, created_at, id LIMIT 1),
                         p.created_at
                     FROM projects p WHERE p.id = $1 AND p.deleted_at IS NULL",
                )
                .bind(id.0)
                .fetch_optional(&self.reader)
                .await?;
                cells.map(rows::project).transpose()
            }

            async fn get_key(&self, key: Key) -> Result<Option<KeyState>> {
                let cells = sqlx::query_as(
                    "SELECT id, project_id, expires_at, revoked_at, report_only FROM game_keys WHERE key = $1",
                )
                .bind(key.as_str())
                .fetch_optional(&self.reader)
                .await?;
                Ok(cells.map(access_rows::key_state))
            }

            async fn touch_key(&self, key: KeyId, at: UnixMicros) -> Result<()> {
                sqlx::query("UPDATE game_keys SET last_used_at = $2 WHERE id = $1")
                    .bind(key.0)
                    .bind(at.0)
                    .execute(&self.writer)
                    .await?;
                Ok(())
            }

            async fn load_project(
                &self,
                id: ProjectId,
                max_devices: u32,
                max_logs: u32,
            ) -> Result<Option<ProjectState>> {
                let Some(project) = self.get_project(id).await? else { return Ok(None) };
                let mut tx = self.reader.begin_with($begin_read).await?;
                let about: (i64, i64) = sqlx::query_as("SELECT revision, frozen FROM projects WHERE id = $1")
                    .bind(id.0)
                    .fetch_one(&mut *tx)
                    .await?;
                let devices: Vec<rows::StoredDeviceCells> = sqlx::query_as(rows::DEVICES)
                    .bind(id.0)
                    .bind(i64::from(max_devices))
                    .fetch_all(&mut *tx)
                    .await?;
                let vars = sqlx::query_as(
                    "SELECT v.name, v.spec, v.desired, coalesce(v.desired_revision, l.revision),
                         coalesce(v.desired_author, l.author), coalesce(v.desired_at, l.at), v.declared_by
                     FROM vars v LEFT JOIN let_go l ON l.project_id = v.project_id AND l.name = v.name
                     WHERE v.project_id = $1 AND v.forgotten_at IS NULL ORDER BY v.position, v.name",
                )
                .bind(id.0)
                .fetch_all(&mut *tx)
                .await?;
                let removed: Vec<rows::RemovedCells> = sqlx::query_as(
                    "SELECT name, revision, author, at FROM let_go l WHERE project_id = $1
                         AND NOT EXISTS (SELECT 1 FROM vars v WHERE v.project_id = l.project_id AND v.name = l.name
                             AND v.forgotten_at IS NULL)
                     ORDER BY name",
                )
                .bind(id.0)
                .fetch_all(&mut *tx)
                .await?;
                let reported = sqlx::query_as(
                    "SELECT device_id, name, value, at FROM reported WHERE device_id IN
                         (SELECT id FROM devices WHERE project_id = $1 AND forgotten_at IS NULL
                          ORDER BY last_seen DESC, id DESC LIMIT $2)
                     ORDER BY device_id",
                )
                .bind(id.0)
                .bind(i64::from(max_devices))
                .fetch_all(&mut *tx)
                .await?;
                let outcomes = sqlx::query_as(
                    "SELECT device_id, name, revision, status, value, reason FROM outcomes WHERE device_id IN
                         (SELECT id FROM devices WHERE project_id = $1 AND forgotten_at IS NULL
                          ORDER BY last_seen DESC, id DESC LIMIT $2)
                     ORDER BY device_id",
                )
                .bind(id.0)
                .bind(i64::from(max_devices))
                .fetch_all(&mut *tx)
                .await?;
                let logs: Vec<rows::LogCells> = sqlx::query_as(history::LOGS)
                    .bind(id.0)
                    .bind(i64::MAX)
                    .bind(i64::from(max_logs))
                    .bind(history::PAGE_BYTES as i64)
                    .fetch_all(&mut *tx)
                    .await?;
                let gone: Vec<(i64, String)> = sqlx::query_as(
                    "SELECT id, name FROM devices WHERE project_id = $1 AND forgotten_at IS NOT NULL AND id IN
                         (SELECT device_id FROM logs WHERE project_id = $1 ORDER BY seq DESC LIMIT $2)",
                )
                .bind(id.0)
                .bind(i64::from(max_logs))
                .fetch_all(&mut *tx)
                .await?;
                tx.commit().await?;
                let vars = (rows::vars(vars, reported, outcomes)?, removed);
                rows::state(project, about, devices, vars, logs, gone).map(Some)
            }

            async fn load_vars(
                &self,
                id: ProjectId,
                names: &[VarName],
                max_devices: u32,
            ) -> Result<Option<ProjectState>> {
                let Some(project) = self.get_project(id).await? else { return Ok(None) };
                let mut tx = self.reader.begin_with($begin_read).await?;
                let about: (i64, i64) = sqlx::query_as("SELECT revision, frozen FROM projects WHERE id = $1")
                    .bind(id.0)
                    .fetch_one(&mut *tx)
                    .await?;
                let devices: Vec<rows::StoredDeviceCells> = sqlx::query_as(rows::DEVICES)
                    .bind(id.0)
                    .bind(i64::from(max_devices))
                    .fetch_all(&mut *tx)
                    .await?;
                let (mut vars, mut reported, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
                for name in names {
                    let var: Option<rows::VarCells> = sqlx::query_as(
                        "SELECT v.name, v.spec, v.desired, coalesce(v.desired_revision, l.revision),
                             coalesce(v.desired_author, l.author), coalesce(v.desired_at, l.at),
                             v.declared_by
                         FROM vars v LEFT JOIN let_go l ON l.project_id = v.project_id AND l.name = v.name
                         WHERE v.project_id = $1 AND v.name = $2 AND v.forgotten_at IS NULL",
                    )
                    .bind(id.0)
                    .bind(name.as_str())
                    .fetch_optional(&mut *tx)
                    .await?;
                    vars.extend(var);
                    if devices.is_empty() {
                        continue;
                    }
                    let of_devices: Vec<rows::ReportedCells> = sqlx::query_as(
                        "SELECT device_id, name, value, at FROM reported
                         WHERE project_id = $1 AND name = $2 ORDER BY device_id",
                    )
                    .bind(id.0)
                    .bind(name.as_str())
                    .fetch_all(&mut *tx)
                    .await?;
                    reported.extend(of_devices);
                    let of_devices: Vec<rows::OutcomeCells> = sqlx::query_as(
                        "SELECT device_id, name, revision, status, value, reason FROM outcomes
                         WHERE project_id = $1 AND name = $2 ORDER BY device_id",
                    )
                    .bind(id.0)
                    .bind(name.as_str())
                    .fetch_all(&mut *tx)
                    .await?;
                    outcomes.extend(of_devices);
                }
                tx.commit().await?;
                let known: std::collections::HashSet<i64> = devices.iter().map(|device| device.1).collect();
                reported.retain(|cells| known.contains(&cells.0));
                outcomes.retain(|cells| known.contains(&cells.0));
                let vars = (rows::vars(vars, reported, outcomes)?, Vec::new());
                rows::state(project, about, devices, vars, Vec::new(), Vec::new()).map(Some)
            }

            async fn has_session(&self, project: ProjectId, name: &str) -> Result<bool> {
                let sql = "SELECT id FROM game_sessions WHERE project_id = $1 AND name = $2";
                let found: Option<i64> =
                    sqlx::query_scalar(sql).bind(project.0).bind(name).fetch_optional(&self.reader).await?;
                Ok(found.is_some())
            }

            async fn list_forgotten(&self, project: ProjectId) -> Result<Vec<(DeviceId, String)>> {
                let sql = "SELECT id, name FROM devices WHERE project_id = $1 AND forgotten_at IS NOT NULL";
                let cells: Vec<(i64, String)> = sqlx::query_as(sql).bind(project.0).fetch_all(&self.reader).await?;
                Ok(cells.into_iter().map(|(id, name)| (DeviceId(id), name)).collect())
            }

            async fn list_history(
                &self,
                project: ProjectId,
                name: Option<&VarName>,
                behind: Option<(Revision, &VarName)>,
                limit: u32,
            ) -> Result<Vec<HistoryRow>> {
                let (query, last) = match (name, behind) {
                    (Some(name), _) => (sqlx::query_as(history::OF_ONE), name.as_str()),
                    (None, Some((_, last))) => (sqlx::query_as(history::OF_ALL), last.as_str()),
                    (None, None) => (sqlx::query_as(history::OF_ALL), ""),
                };
                let cells = query
                    .bind(project.0)
                    .bind(behind.map_or(i64::MAX, |(revision, _)| revision.0))
                    .bind(i64::from(limit))
                    .bind(history::PAGE_BYTES as i64)
                    .bind(last)
                    .fetch_all(&self.reader)
                    .await?;
                cells.into_iter().map(rows::history).collect()
            }

            async fn get_gesture(
                &self,
                project: ProjectId,
                author: UserId,
                gesture: Gesture,
            ) -> Result<Vec<GestureRow>> {
                let cells = sqlx::query_as(
                    "SELECT name, new, revision, revision FROM edits
                     WHERE project_id = $1 AND author_id = $2 AND gesture = $3
                     UNION ALL
                     SELECT name, value, revision, set_by FROM unchanged_edits
                     WHERE project_id = $1 AND author_id = $2 AND gesture = $3",
                )
                .bind(project.0)
                .bind(author.0)
                .bind(gesture.0.cast_signed())
                .fetch_all(&self.reader)
                .await?;
                cells.into_iter().map(rows::gesture).collect()
            }

            async fn list_logs(
                &self,
                project: ProjectId,
                before: Option<u64>,
                limit: u32,
            ) -> Result<Vec<LogLine>> {
                let before = before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
                let cells = sqlx::query_as(history::LOGS)
                    .bind(project.0)
                    .bind(before)
                    .bind(i64::from(limit))
                    .bind(history::PAGE_BYTES as i64)
                    .fetch_all(&self.reader)
                    .await?;
                cells.into_iter().map(rows::log_line).collect()
            }

            async fn list_logs_after(&self, project: ProjectId, after: u64, limit: u32) -> Result<Vec<LogLine>> {
                let cells = sqlx::query_as(history::LOGS_AFTER)
                    .bind(project.0)
                    .bind(i64::try_from(after).unwrap_or(i64::MAX))
                    .bind(i64::from(limit))
                    .bind(history::PAGE_BYTES as i64)
                    .fetch_all(&self.reader)
                    .await?;
                cells.into_iter().map(rows::log_line).collect()
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

            async fn keep_place(&self) -> Result<()> {
                self.hold_place().await
            }

            async fn check(&self) -> Result<()> {
                self.write_mark().await?;
                self.check_room().await
            }

            async fn session_clock(&self) -> Result<Option<SessionClock>> {
                let sql = "SELECT session_time, session_clock_seen FROM instance";
                let cells: (Option<i64>, Option<i64>) = sqlx::query_as(sql).fetch_one(&self.reader).await?;
                let (Some(time), Some(seen)) = cells else { return Ok(None) };
                Ok(Some(SessionClock { time: UnixMicros(time), seen: UnixMicros(seen) }))
            }

            async fn set_session_clock(&self, clock: SessionClock) -> Result<()> {
                sqlx::query("UPDATE instance SET session_time = $1, session_clock_seen = $2")
                    .bind(clock.time.0)
                    .bind(clock.seen.0)
                    .execute(&self.writer)
                    .await?;
                Ok(())
            }

            /// Along the primary key: an index on the time would be changed by every line.
            async fn list_sessions(&self, after: i64, limit: u32) -> Result<Vec<(i64, UnixMicros)>> {
                let sql = "SELECT id, updated_at FROM game_sessions WHERE id > $1 ORDER BY id LIMIT $2";
                let cells: Vec<(i64, i64)> =
                    sqlx::query_as(sql).bind(after).bind(i64::from(limit)).fetch_all(&self.reader).await?;
                Ok(cells.into_iter().map(|(id, at)| (id, UnixMicros(at))).collect())
            }

            async fn forget_sessions(&self, sessions: &[i64], before: UnixMicros) -> Result<()> {
                self.delete_sessions(sessions, before.0).await
            }

            async fn find_chore(&self) -> Result<Option<Chore>> {
                let devices: Vec<i64> =
                    sqlx::query_scalar(sweep::FORGOTTEN_DEVICES).fetch_all(&self.reader).await?;
                if !devices.is_empty() {
                    return Ok(Some(Chore::ForgottenDevices(devices)));
                }
                let var: Option<(i64, String)> =
                    sqlx::query_as(sweep::FORGOTTEN_VAR).fetch_optional(&self.reader).await?;
                if let Some((project, name)) = var {
                    return Ok(Some(Chore::ForgottenVar { project, name }));
                }
                let deleted: Option<i64> =
                    sqlx::query_scalar(sweep::DELETED_PROJECT).fetch_one(&self.reader).await?;
                let Some(project) = deleted else { return self.find_space().await };
                let devices: Vec<i64> =
                    sqlx::query_scalar(sweep::DEVICES).bind(project).fetch_all(&self.reader).await?;
                if !devices.is_empty() {
                    return Ok(Some(Chore::DeletedDevices(devices)));
                }
                for (table, any) in sweep::any_rows() {
                    let sql = sqlx::AssertSqlSafe(any);
                    let found: Option<i32> =
                        sqlx::query_scalar(sql).bind(project).fetch_optional(&self.reader).await?;
                    if found.is_some() {
                        return Ok(Some(Chore::DeletedRows { project, table }));
                    }
                }
                Ok(Some(Chore::DeletedProject(project)))
            }

            async fn do_chore(
                &self,
                chore: &Chore,
                rows: u32,
                within: std::time::Duration,
            ) -> Result<std::time::Duration> {
                if *chore == Chore::Space {
                    return self.give_back(rows, within).await;
                }
                let mut tx = self.writer.begin().await?;
                // others wait from here
                let mut budget = sweep::Budget::new(rows, within);
                'pieces: for piece in chore.pieces($kind) {
                    loop {
                        let Some(part) = budget.part() else { break 'pieces };
                        let mut query = sqlx::query(sqlx::AssertSqlSafe(piece.sql.clone())).bind(piece.of);
                        if piece.is_part {
                            query = query.bind(part);
                        }
                        if let Some(name) = piece.name {
                            query = query.bind(name);
                        }
                        let gone = query.execute(&mut *tx).await?.rows_affected();
                        budget.take(gone);
                        if !piece.is_part || gone < part.cast_unsigned() {
                            break;
                        }
                    }
                }
                tx.commit().await?;
                Ok(budget.elapsed())
            }

            async fn close(&self) {
                // readers first: the last connection to an SQLite file to go tidies it up, and that writes
                self.reader.close().await;
                self.writer.close().await;
                self.leave().await;
            }
        }

        impl $store {
            async fn write_mark(&self) -> Result<()> {
                // a change, and committed: a row that stays as it is, SQLite does not even write
                let sql = "INSERT INTO writers (name, number) SELECT '(check)', 1 FROM instance WHERE true
                           ON CONFLICT (name) DO UPDATE SET number = writers.number + 1";
                let done = sqlx::query(sql).execute(&self.writer).await?;
                match done.rows_affected() {
                    1 => Ok(()),
                    _ => Err(StoreError::Damaged("the instance's own row is missing".to_owned())),
                }
            }
        }
    };
}

pub(super) use impl_store;
