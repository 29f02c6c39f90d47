using NativeRetrieval.Indexing.Tests;

if (args is [CrashHost.Argument, var folder, var first, var last]) return CrashHost.Run(folder, int.Parse(first), int.Parse(last));
if (args is [ReadHost.Argument, var read]) return await ReadHost.Run(read);

return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
