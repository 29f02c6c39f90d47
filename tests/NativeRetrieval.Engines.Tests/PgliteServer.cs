using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace NativeRetrieval.Engines.Tests;

/// <summary>
/// PostgreSQL with pgvector from npm, in a process of its own. It serves one connection at a time, and is empty at the start.
/// </summary>
public sealed class PgliteServer : IDisposable
{
    static readonly string _folder = Path.Combine(AppContext.BaseDirectory, "pglite");

    readonly Process? _process;

    public PgliteServer()
    {
        if (!ProcessServer.IsInstalled("node") || !ProcessServer.IsInstalled("npm"))
        {
            Missing = "Node.js and npm are not installed; they bring PGlite (apt-get install nodejs npm)";
            return;
        }
        if (!File.Exists(Path.Combine(_folder, "node_modules/@electric-sql/pglite-socket/package.json"))
            && ProcessServer.Run("npm", _folder, "ci", "--no-audit", "--no-fund", "--ignore-scripts") is (not 0, var output))
        {
            Missing = $"npm cannot install PGlite: {output[^Math.Min(output.Length, 300)..]}";
            return;
        }
        _process = ProcessServer.Start("node", _folder, "serve.mjs");
        Port = int.Parse(_process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException(_process.StandardError.ReadToEnd()), CultureInfo.InvariantCulture);
    }

    /// <summary>The reason why there is no server; null: there is one.</summary>
    public string? Missing { get; }

    public int Port { get; }

    public string Address(string index, string options = "") =>
        $"postgres://postgres:secret-word@127.0.0.1:{Port}/postgres?index={index}&sslmode=disable&connections=1{options}";

    /// <summary>Runs SQL beside the index.</summary>
    public async Task<object?> RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={Port};Username=postgres;Password=x;Database=postgres;SSL Mode=Disable;Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    public void Dispose()
    {
        if (_process is null) return;
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5_000)) _process.Kill();
        _process.Dispose();
    }
}
