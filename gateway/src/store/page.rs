//! One page of rows that may be long: cut by rows and by bytes, in the statement that reads them.

/// The statement of a page: its columns, `FROM` and `WHERE`, what its order is made of, the order, and the size of a row in
/// bytes; then the places of the most rows, and of the bytes that those before the last one may have together. A page has one
/// row at least. Sizes are summed without reading the texts.
macro_rules! page {
    ($columns:literal, $from:literal, $keys:literal, $order:literal, $bytes:literal, $rows:literal, $most:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $from,
            " ORDER BY ",
            $order,
            " LIMIT (SELECT count(*) FROM
                 (SELECT sum(bytes) OVER (ORDER BY ",
            $order,
            ") - bytes AS newer FROM
                      (SELECT ",
            $keys,
            ", ",
            $bytes,
            " AS bytes FROM ",
            $from,
            " ORDER BY ",
            $order,
            " LIMIT ",
            $rows,
            ") page)
                 pages WHERE newer < ",
            $most,
            ")"
        )
    };
}

pub(in crate::store) use page;
