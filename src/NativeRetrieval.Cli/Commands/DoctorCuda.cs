using System.Globalization;
using System.Text.Json;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cli.Commands;

/// <summary>
/// The part of <c>doctor</c> about CUDA: GPUs, libraries with their versions, and where those that are missing were looked for.
/// </summary>
internal static class DoctorCuda
{
    public static void AddTo(Table table, CudaReport report)
    {
        table.Add("CUDA", report.Problem is null ? "usable" : "not usable");
        foreach (var device in report.Devices)
            table.Add($"  cuda:{device.Ordinal.ToString(CultureInfo.InvariantCulture)}", Describe(device));
        foreach (var library in (CudaLibraryReport[])[.. report.Libraries, report.Nccl])
        {
            string missing = library == report.Nccl ? "not found; only training on several GPUs needs it" : "not found";
            table.Add($"  {library.Name}", library.Path is null ? missing : $"{library.Version}{ForCuda(library)}, {library.Path}");
            foreach (var refused in library.Attempts.Where(attempt => attempt.Problem is not null and not CudaLibraryReport.NotThere))
                table.Add("", $"{refused.Origin}: {refused.File}: {refused.Problem}");
            var empty = library.Attempts.Where(attempt => attempt.Problem == CudaLibraryReport.NotThere);
            if (library.Path is null) table.Add("", $"looked in: {string.Join(", ", empty.Select(Place).Distinct())}");
        }
    }

    public static void Write(Utf8JsonWriter json, CudaReport report)
    {
        json.WriteStartObject("cuda");
        json.WriteBoolean("found", report.Problem is null);
        json.WriteString("problem", report.Problem);
        json.WriteStartArray("devices");
        foreach (var device in report.Devices)
        {
            json.WriteStartObject();
            json.WriteString("name", device.Name);
            json.WriteString("uuid", device.Uuid);
            json.WriteString("compute_capability", device.ComputeCapability.ToString());
            json.WriteNumber("memory_bytes", device.MemoryBytes);
            json.WriteNumber("multiprocessors", device.Multiprocessors);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("libraries");
        foreach (var library in (CudaLibraryReport[])[.. report.Libraries, report.Nccl])
        {
            json.WriteStartObject();
            json.WriteString("name", library.Name);
            json.WriteString("path", library.Path);
            json.WriteString("version", library.Version?.ToString());
            json.WriteString("cuda_version", library.CudaVersion?.ToString());
            json.WriteString("problem", library.Problem);
            json.WriteStartArray("tried");
            foreach (var attempt in library.Attempts)
            {
                json.WriteStartObject();
                json.WriteString("origin", attempt.Origin);
                json.WriteString("file", attempt.File);
                json.WriteString("problem", attempt.Problem);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static string Describe(CudaDeviceProperties device) =>
        $"{device.Name}, compute capability {device.ComputeCapability}, {Sizes.Text(device.MemoryBytes)}, "
            + $"{device.Multiprocessors.ToString(CultureInfo.InvariantCulture)} multiprocessors";

    static string Place(LibraryAttempt attempt) => Path.IsPathRooted(attempt.File) ? attempt.File : attempt.Origin;

    static string ForCuda(CudaLibraryReport library) => library.CudaVersion == library.Version ? "" : $" (CUDA {library.CudaVersion})";
}
