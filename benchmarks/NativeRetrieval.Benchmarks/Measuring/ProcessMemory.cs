namespace NativeRetrieval.Benchmarks.Measuring;

/// <summary>Memory of this process.</summary>
internal static class ProcessMemory
{
    /// <summary>Most resident memory since the process began or since <see cref="Reset"/>; 0 where the system does not tell.</summary>
    public static double PeakMiB
    {
        get
        {
            const string key = "VmHWM:";
            string? line = File.Exists("/proc/self/status")
                ? File.ReadLines("/proc/self/status").FirstOrDefault(text => text.StartsWith(key, StringComparison.Ordinal)) : null;
            return line is null ? 0 : double.Parse(line[key.Length..].Replace("kB", "").Trim()) / 1024;
        }
    }

    /// <summary>Forgets earlier peaks, so that one suite's memory is not another's.</summary>
    public static void Reset()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        if (File.Exists("/proc/self/clear_refs")) File.WriteAllText("/proc/self/clear_refs", "5");
    }
}
