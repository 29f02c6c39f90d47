using System.CommandLine;
using System.Globalization;
using System.Net;
using NativeRetrieval.Cli.Commands.Indexes;
using NativeRetrieval.Cli.Commands.ModelFolders;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.Server;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>serve --index sounds.nrx</c></summary>
internal static class ServeCommand
{
    /// <summary>Variable of the environment that holds the key.</summary>
    const string KeyVariable = "NATIVERETRIEVAL_KEY";

    const int DefaultPort = 8321, LongestKeyFile = 4096;

    public static Command Create(Terminal terminal)
    {
        var indexes = new Option<DirectoryInfo[]>("--index")
        {
            Description = "An index to search; may be given several times. All are of one model.",
            HelpName = "sounds.nrx",
            Required = true,
        };
        var model = new Option<DirectoryInfo?>("--model")
        {
            Description = "The model folder, where it has moved since the index was made; default: NATIVERETRIEVAL_MODEL, else the model "
                + "that the first index was made by.",
            HelpName = "MODEL",
        };
        var port = new Option<int>("--port")
        {
            Description = "Port to listen on; 0: any that is free.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultPort,
        };
        port.RequireRange(0, 65_535, "0 to 65,535");
        var listen = new Option<string>("--listen")
        {
            Description = "Address of this machine to listen on. Any but loopback takes a key.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => IPAddress.Loopback.ToString(),
        };
        listen.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !IPAddress.TryParse(text, out _))
                result.AddError($"--listen {text}: expected an IP address, e.g. 127.0.0.1, or 0.0.0.0 for all of this machine's");
        });
        var keyFile = new Option<FileInfo?>("--key-file")
        {
            Description = "File that holds the key, which requests then carry as 'Authorization: Bearer KEY'; default: "
                + $"{KeyVariable}, else no key.",
            HelpName = "FILE",
        };
        var sounds = new Option<DirectoryInfo[]>("--sounds")
        {
            Description = "A folder of sounds that requests may bring an index up to date with (POST /v1/index); may be given several "
                + "times. Default: none, and such requests are refused.",
            HelpName = "DIR",
        };
        var details = new DetailsOptions();
        var bank = new Option<FileInfo?>("--query-bank")
        {
            Description = "Captions or questions by which searches may take down sounds that are near to almost any sentence, as search "
                + "--query-bank FILE does: a switch of the page, query_bank in the API. Default: none, and such requests are refused.",
            HelpName = "FILE",
        };
        var precision = new TextPrecisionOption();
        var device = DeviceOption.Create();
        var command = new DocumentedCommand("serve", "Answer searches over HTTP: a page to search and listen, and an API.")
        {
            Examples =
            [
                ("nativeretrieval serve --index sounds.nrx", "For this machine, at http://127.0.0.1:8321"),
                ("nativeretrieval serve --index sounds.nrx --index music.nrx --port 0", "Two indexes, at any free port"),
                ("nativeretrieval serve --index sounds.nrx --query-bank captions.txt",
                    "Sounds that come to every search can be taken down"),
                ("nativeretrieval serve --index sounds.nrx --sounds ~/sounds --details sounds.csv",
                    "Whose page brings the index up to date, with what a table says of the sounds"),
                ("nativeretrieval serve --index sounds.nrx --listen 0.0.0.0 --key-file key.txt", "For other machines, with a key"),
            ],
        };
        foreach (Option option in (Option[])[indexes, model, port, listen, keyFile, sounds, .. details.All, bank, precision,
            .. device.Options])
            command.Add(option);
        command.Validators.Add(result =>
        {
            if (details.AnyGiven(result) && result.GetResult(sounds) is null)
                result.AddError("--details and --ucs tell of the sounds in the folders of --sounds; name one");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            string? key = KeyOf(terminal, parsed.GetValue(keyFile));
            var folders = parsed.GetRequiredValue(indexes).Select(index => Path.GetFullPath(IndexPlace.FolderOf(index.ToString(),
                "serve"))).ToArray();
            var sentences = parsed.GetValue(bank) is { } file ? QueryBankFile.Read(file.FullName) : [];
            var tables = details.Of(parsed);
            // A table that cannot be read is said now, not by the first request.
            tables.Current();
            using var runsOn = device.Open(parsed, terminal);
            using var engine = OpenEngine(new ModelChoice(terminal), parsed.GetValue(model), folders[0], runsOn, precision.Of(parsed));
            var options = new ServerOptions
            {
                Indexes = folders,
                Engine = engine,
                Device = runsOn,
                Key = key,
                UploadProgram = OwnProgram(),
                QueryBank = sentences,
                QueryBankCache = CacheFolder.QueryBanksOf(terminal),
                Time = terminal.Time,
                SoundFolders = [.. (parsed.GetValue(sounds) ?? []).Select(folder => folder.FullName)],
                Describer = tables.Current,
            };
            return await RunAsync(terminal, options, IPAddress.Parse(parsed.GetRequiredValue(listen)), parsed.GetValue(port), cancellation);
        });
        return command;
    }

    static async Task<int> RunAsync(Terminal terminal, ServerOptions options, IPAddress address, int port, CancellationToken cancellation)
    {
        using var log = new TerminalLog(terminal);
        if (options.QueryBank.Count > 0)
            terminal.Message(string.Create(CultureInfo.InvariantCulture, $"query bank of {options.QueryBank.Count:N0} sentences"));
        await using var host = await ServerHost.StartAsync(options, address, port, log, cancellation);
        terminal.Patience = TimeSpan.FromSeconds(ServerHost.DrainSeconds + 1);
        terminal.Line(host.Address.ToString());
        terminal.Flush();
        terminal.Message("Ctrl-C stops");
        var stopped = new TaskCompletionSource();
        using (cancellation.Register(stopped.SetResult)) await stopped.Task;
        terminal.Message("stopping when what was asked is answered");
        if (await host.StopAsync()) return ExitCode.Ok;
        terminal.Warning(string.Create(CultureInfo.InvariantCulture,
            $"requests were cut off: they were not answered within {ServerHost.DrainSeconds} s"));
        return ExitCode.Interrupted;
    }

    static string? KeyOf(Terminal terminal, FileInfo? file)
    {
        string? key = file is not null ? SmallFile.ReadText(file.FullName, LongestKeyFile).Trim() : terminal.Variable(KeyVariable);
        if (string.IsNullOrEmpty(key) && file is not null) throw new OptionException($"{file.FullName}: is empty; expected a key");
        return string.IsNullOrEmpty(key) ? null : key;
    }

    static RetrievalEngine OpenEngine(ModelChoice choice, DirectoryInfo? given, string folder, Core.Devices.Device device,
        TextPrecision precision)
    {
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        return choice.Named(given) is { } named ? ModelChoice.OpenNamed(named, folder, index.Settings, device, ModelParts.Both, precision)
            : choice.Open(folder, index.Settings, device, ModelParts.Both, precision);
    }

    /// <summary>This program, as a process that is started again: its launcher, or .NET's with its assembly.</summary>
    static string[] OwnProgram()
    {
        string launcher = Environment.ProcessPath!;
        string assembly = Path.Combine(AppContext.BaseDirectory, "NativeRetrieval.Cli.dll");
        return Path.GetFileNameWithoutExtension(launcher) == "dotnet" ? [launcher, assembly] : [launcher];
    }
}
