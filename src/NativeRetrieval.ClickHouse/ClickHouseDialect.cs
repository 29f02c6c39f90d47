using System.Globalization;
using NativeRetrieval.Indexing.Remote;

namespace NativeRetrieval.ClickHouse;

/// <summary>Values as literals: old servers have no parameters.</summary>
internal sealed class ClickHouseDialect : ISqlDialect
{
    public static ClickHouseDialect Shared { get; } = new();

    public string Text(string value) =>
        $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    public string Number(double value) => double.IsPositiveInfinity(value) ? "inf" : double.IsNegativeInfinity(value) ? "-inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    public string Integer(long value) => value.ToString(CultureInfo.InvariantCulture);

    public string StartsWith(string column, string text) => $"startsWith({column}, {text})";

    public string Contains(string column, string text) => $"position({column}, {text}) > 0";

    public string Matches(string column, string pattern) => $"match({column}, concat('(?s)', {pattern}))";

    public string Has(string arrayColumn, string text) => $"has({arrayColumn}, {text})";

    public string In(string column, IReadOnlyCollection<long> values) => values.Count == 0 ? "1 = 0" : $"{column} IN ({List(values)})";

    public string NotIn(string column, IReadOnlyCollection<long> values) => values.Count == 0
        ? "1 = 1" : $"{column} NOT IN ({List(values)})";

    static string List(IReadOnlyCollection<long> values) => string.Join(',', values.Select(value =>
        value.ToString(CultureInfo.InvariantCulture)));
}
