using System.Diagnostics;
using System.Globalization;

namespace NativeRetrieval.Benchmarks.Serving;

/// <summary>
/// A service under load: <c>nativeretrieval serve</c> in a process of its own, asked at 70 % and 200 % of what it can answer.
/// </summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public const string Usage = $"       {Name} --text-model FOLDER [--windows N] [--seconds N]                      a service under load";

    public static async Task<int> RunAsync(string[] args)
    {
        string? textModel = null;
        int windows = 100_000, seconds = 30;
        for (int i = 0; i + 1 < args.Length; i += 2)
            switch (args[i])
            {
                case "--text-model": textModel = args[i + 1]; break;
                case "--windows": windows = int.Parse(args[i + 1], CultureInfo.InvariantCulture); break;
                case "--seconds": seconds = int.Parse(args[i + 1], CultureInfo.InvariantCulture); break;
                default: textModel = null; i = args.Length; break;
            }
        if (textModel is null || args.Length % 2 != 0)
        {
            Console.Error.WriteLine($"usage:\n{Usage}");
            return 2;
        }
        var folder = Directory.CreateTempSubdirectory("nativeretrieval-serve-");
        try
        {
            string index = await ServedCollection.MakeAsync(folder.FullName, textModel, windows);
            using var service = await Service.StartAsync(index);
            await RunAsync(service, windows, seconds);
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static async Task RunAsync(Service service, int windows, int seconds)
    {
        var load = new Load(service.Address);
        await load.OfAsync(clients: 1, TimeSpan.FromSeconds(seconds / 3.0)); // compiled and in memory
        Console.WriteLine(FormattableString.Invariant($"{windows:N0} windows, {Environment.ProcessorCount} cores, client on the same"));
        Console.WriteLine("| load | asked/s | answered/s | 200 | 429 | other | p50 ms | p95 ms | p99 ms | MiB |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        var alone = await load.OfAsync(clients: 1, TimeSpan.FromSeconds(seconds));
        Print("one after the other", alone);
        var most = await load.OfAsync(clients: 16, TimeSpan.FromSeconds(seconds));
        Print("16 clients, as fast as they can", most);
        double capacity = most.AnsweredPerSecond;
        var usual = await load.AtAsync(0.7 * capacity, TimeSpan.FromSeconds(seconds));
        Print("70 %", usual);
        var twice = await load.AtAsync(2 * capacity, TimeSpan.FromSeconds(seconds));
        Print("200 %", twice);
        Console.WriteLine(FormattableString.Invariant($"p99 at 200 % is {twice.Percentile(99) / usual.Percentile(99):F2} of that at 70 %"));

        void Print(string name, LoadResult result) => Console.WriteLine(FormattableString.Invariant(
            $"| {name} | {result.AskedPerSecond:F1} | {result.AnsweredPerSecond:F1} | {result.Count(200)} | {result.Count(429)} | ")
            + FormattableString.Invariant($"{result.Asked - result.Count(200) - result.Count(429)} | {result.Percentile(50):F1} | ")
            + FormattableString.Invariant($"{result.Percentile(95):F1} | {result.Percentile(99):F1} | {service.MemoryMiB:F0} |"));
    }
}

/// <summary>The service's process.</summary>
internal sealed class Service : IDisposable
{
    readonly Process _process;

    Service(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public int ProcessId => _process.Id;

    /// <summary>Memory that the process has at this moment.</summary>
    public double MemoryMiB
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / (1024.0 * 1024);
        }
    }

    public static async Task<Service> StartAsync(string index)
    {
        string program = Path.Combine(Checkout.Root, "src", "NativeRetrieval.Cli", "bin", "Release", "net10.0", "NativeRetrieval.Cli.dll");
        var process = Process.Start(new ProcessStartInfo("dotnet", [program, "serve", "--index", index, "--port", "0", "--device", "cpu"])
        {
            RedirectStandardOutput = true,
        })!;
        string? address = await process.StandardOutput.ReadLineAsync();
        return new Service(process, new Uri(address ?? throw new InvalidOperationException($"{program} does not serve; is it built?")));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
