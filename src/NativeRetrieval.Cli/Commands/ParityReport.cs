using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Parity;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>doctor --parity DIR</c>: this program's numbers beside those of the reference implementations.</summary>
internal static class ParityReport
{
    /// <returns>Exit code: 1 where a case fails, or where none has its files.</returns>
    public static int Run(Terminal terminal, ParityFolder folder, bool json, CancellationToken cancellation)
    {
        if (folder.Device.Precision != Precision.Float32)
            terminal.Message($"{folder.Device} multiplies in {PrecisionName.Of(folder.Device.Precision)}: tolerances are what its rounding "
                + "makes of each case");
        var cases = ParityCatalogue.For(folder.Device);
        var results = new List<ParityResult>();
        using (var progress = new Output.Progress(terminal, "parity", cases.Count, "cases"))
            foreach (var item in cases)
            {
                cancellation.ThrowIfCancellationRequested();
                results.Add(item.Run(folder));
                progress.Report(results.Count);
            }
        if (json) WriteJson(terminal, results);
        else WriteTable(terminal, results);

        var (ok, failed, absent) = (Count(ParityStatus.Ok), Count(ParityStatus.Failed), Count(ParityStatus.Absent));
        terminal.Message($"{ok} ok, {failed} failed, {absent} absent");
        foreach (var result in results.Where(result => result.Status == ParityStatus.Failed))
            terminal.Warning($"{result.Case.Name}: {result.Detail}");
        if (ok + failed == 0) terminal.Warning("no case has its files; the folder is laid out like tests/fixtures");
        return failed > 0 || ok == 0 ? ExitCode.Failure : ExitCode.Ok;

        int Count(ParityStatus status) => results.Count(result => result.Status == status);
    }

    static void WriteTable(Terminal terminal, List<ParityResult> results)
    {
        var table = new Table("case", ">worst error", ">tolerance", "", "error is");
        foreach (var result in results)
            table.Add(result.Case.Name, result.Error is { } error ? Number(error) : "-", Number(result.Tolerance), Text(result.Status),
                result.Unit ?? "relative");
        table.Write(terminal);
    }

    static void WriteJson(Terminal terminal, List<ParityResult> results) => terminal.WriteJson(json =>
    {
        json.WriteStartArray("cases");
        foreach (var result in results)
        {
            json.WriteStartObject();
            json.WriteString("case", result.Case.Name);
            // JSON has neither NaN nor infinity.
            if (result.Error is { } error && double.IsFinite(error)) json.WriteNumber("worst_error", error);
            else json.WriteNull("worst_error");
            json.WriteNumber("tolerance", result.Tolerance);
            json.WriteString("unit", result.Unit ?? "relative");
            json.WriteString("status", Text(result.Status).ToLowerInvariant());
            json.WriteString("detail", result.Detail);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    static string Text(ParityStatus status) => status switch
    {
        ParityStatus.Ok => "ok",
        ParityStatus.Failed => "FAILED",
        _ => "absent",
    };

    static string Number(double value) => value == 0 ? "0" : value.ToString("0.0E-0", CultureInfo.InvariantCulture);
}
