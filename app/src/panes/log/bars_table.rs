//! The histogram as a table, for people who can't see it, and for numbers.

use leptos::prelude::*;
use protocol::model::Level;

use super::chart::Chart;
use crate::format;
use crate::live::total;

/// A row for each bar that is not empty.
#[component]
pub(super) fn BarsTable(chart: Chart) -> impl IntoView {
    let rows = move || {
        chart.bars.with(|bars| {
            let bars = bars.as_ref()?;
            let marks = chart.marks(bars);
            let count = bars.histogram().bars.len();
            let rows = bars.histogram().bars.iter().enumerate().filter_map(|(index, bar)| {
                let is_here = |place: &&f64| (**place * count as f64) as usize == index;
                let edits = marks.iter().filter(is_here).count();
                (total(bar) > 0 || edits > 0).then(|| {
                    let counts = bar.levels.map(|count| view! { <td>{format::grouped(count)}</td> });
                    view! {
                        <tr>
                            <th scope="row">{chart.time_words(bars, index, index)}</th>
                            {counts.into_iter().collect_view()}
                            <td>{edits}</td>
                        </tr>
                    }
                })
            });
            Some(rows.collect_view())
        })
    };
    let heads = Level::ALL.map(|level| view! { <th scope="col">{level.as_str()}</th> });
    view! {
        <div class="log-bars-table" tabindex="0" role="group" aria-label="Lines over time, as a table">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"received"</th>
                        {heads.into_iter().collect_view()}
                        <th scope="col">"edits"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
