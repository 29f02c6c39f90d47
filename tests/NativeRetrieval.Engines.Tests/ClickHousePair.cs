using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Engines.Tests;

/// <summary>Two ClickHouse servers on this computer, the two shards of the cluster <c>pair</c>, empty at the start.</summary>
public sealed class ClickHousePair : IDisposable
{
    const string Program = "clickhouse-server";

    readonly TemporaryFolder? _folder;
    readonly (int Tcp, int Http, int Other)[] _ports = [];
    readonly Process?[] _processes = [null, null];

    public ClickHousePair()
    {
        string? program = ((string[])["/usr/bin", "/usr/sbin", "/usr/local/bin"]).Select(folder => Path.Combine(folder, Program))
            .FirstOrDefault(File.Exists);
        if (program is null)
        {
            Missing = "ClickHouse is not installed (apt-get install clickhouse-server)";
            return;
        }
        _folder = new TemporaryFolder();
        int[] free = FreePorts(6);
        _ports = [(free[0], free[1], free[2]), (free[3], free[4], free[5])];
        for (int shard = 0; shard < 2; shard++) Configure(shard);
        for (int shard = 0; shard < 2; shard++) Start(shard);
        Started = program;
    }

    /// <summary>The reason why there is no server; null: there are two.</summary>
    public string? Missing { get; }

    public string? Started { get; }

    public string Address(string index, string options = "&cluster=pair", bool both = true) =>
        $"clickhouse://default:secret-word@{Host(0)}{(both ? $",{Host(1)}" : "")}/default?index={index}{options}";

    public string Host(int shard, bool http = true) => string.Create(CultureInfo.InvariantCulture,
        $"127.0.0.1:{(http ? _ports[shard].Http : _ports[shard].Tcp)}");

    public async Task<string> RunAsync(int shard, string sql)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync(new Uri($"http://{Host(shard)}/?user=default&password=secret-word"),
            new StringContent(sql));
        string text = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode == HttpStatusCode.OK ? text.Trim() : throw new InvalidOperationException(text);
    }

    public void Stop(int shard)
    {
        if (_processes[shard] is not { } process) return;
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        _processes[shard] = null;
    }

    public void Start(int shard)
    {
        string folder = _folder![$"shard{shard}"];
        _processes[shard] = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", $"exec {Program} --config-file=config.xml > out.txt 2>&1"]) { WorkingDirectory = folder })!;
        using var http = new HttpClient();
        for (int attempt = 0; attempt < 300; attempt++)
        {
            try
            {
                if (http.GetStringAsync(new Uri($"http://{Host(shard)}/ping")).GetAwaiter().GetResult().StartsWith("Ok",
                    StringComparison.Ordinal)) return;
            }
            catch (HttpRequestException) when (!_processes[shard]!.HasExited)
            {
                Thread.Sleep(100);
            }
        }
        throw new InvalidOperationException(File.ReadAllText(Path.Combine(folder, "out.txt")));
    }

    void Configure(int shard)
    {
        string folder = _folder![$"shard{shard}"];
        Directory.CreateDirectory(folder);
        string shards = string.Concat(_ports.Select(ports => $"<shard><replica><host>127.0.0.1</host><port>{ports.Tcp}</port>"
            + "<user>default</user><password>secret-word</password></replica></shard>"));
        File.WriteAllText(Path.Combine(folder, "config.xml"), $"""
            <yandex><logger><level>warning</level><log>log.txt</log><errorlog>errors.txt</errorlog></logger>
            <http_port>{_ports[shard].Http}</http_port><tcp_port>{_ports[shard].Tcp}</tcp_port>
            <interserver_http_port>{_ports[shard].Other}</interserver_http_port><listen_host>127.0.0.1</listen_host>
            <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><users_config>users.xml</users_config>
            <default_profile>default</default_profile><default_database>default</default_database><mark_cache_size>5368709</mark_cache_size>
            <remote_servers><pair>{shards}</pair></remote_servers></yandex>
            """);
        File.WriteAllText(Path.Combine(folder, "users.xml"), """
            <yandex><profiles><default/></profiles><quotas><default/></quotas><users><default><password>secret-word</password>
            <networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>
            """);
    }

    static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (var listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (var listener in listeners) listener.Dispose();
        return ports;
    }

    public void Dispose()
    {
        Stop(0);
        Stop(1);
        _folder?.Dispose();
    }
}
