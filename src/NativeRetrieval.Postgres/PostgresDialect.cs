using NativeRetrieval.Indexing.Remote;
using Npgsql;

namespace NativeRetrieval.Postgres;

/// <summary>Values as the numbered parameters of one command.</summary>
internal sealed class PostgresDialect(NpgsqlParameterCollection parameters) : ISqlDialect
{
    public string Add<T>(T value)
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return $"${parameters.Count}";
    }

    public string Text(string value) => Add(value);

    public string Number(double value) => Add(value);

    public string Integer(long value) => Add(value);

    public string StartsWith(string column, string text) => $"starts_with({column}, {text})";

    public string Contains(string column, string text) => $"strpos({column}, {text}) > 0";

    public string Matches(string column, string pattern) => $"{column} ~ {pattern}";

    public string Has(string arrayColumn, string text) => $"{text} = ANY({arrayColumn})";

    public string In(string column, IReadOnlyCollection<long> values) => $"{column} = ANY({Add<long[]>([.. values])})";

    public string NotIn(string column, IReadOnlyCollection<long> values) => $"{column} <> ALL({Add<long[]>([.. values])})";
}
